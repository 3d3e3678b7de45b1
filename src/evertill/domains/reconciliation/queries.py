"""Reads of reconciliation."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from evertill.domains.reconciliation.rules import what_is_booked
from evertill.domains.reconciliation.types import (
    About,
    Capture,
    CountDifference,
    Difference,
    How,
    Kind,
    Run,
    State,
    Subject,
    Sums,
)
from evertill.kernel import db, ids, sql
from evertill.kernel.arrays import Texts
from evertill.kernel.money import Money

_HERE = "evertill.domains.reconciliation"

_LINE = re.compile(r"(?P<provider>[a-z0-9_-]{1,32}) (?P<date>\d{4}-\d{2}-\d{2}) line (?P<position>\d{1,9})", re.ASCII)
# Looked up rather than made: there are as many as a bill has lines.
_ABOUT = {about.value: about for about in About}


def read_runs(*, provider: str, first: dt.date, last: dt.date) -> dict[dt.date, Run]:
    """This function will return the bills of a provider that count, from the day `first` to the day `last`."""
    rows = db.fetch(sql.load(_HERE, "read_runs"), (provider, first, last))
    runs = [
        Run(
            id=row[0],
            provider=row[1],
            date=row[2],
            fetched_at=row[3],
            finished_at=row[4],
            lines=row[5],
            matched=row[6],
            pending=row[7],
            differences=row[8],
        )
        for row in rows
    ]
    return {run.date: run for run in runs}


def stream_subjects(*, run: Run) -> Iterator[tuple[Subject, Sums]]:
    """This function will give what one bill says of each subject; the caller's transaction."""
    rows = db.stream(sql.load(_HERE, "stream_subjects"), (run.id,))
    for (about, name), group in groupby(rows, key=lambda row: (row[0], row[1])):
        yield Subject(_ABOUT[about], name), _sums([row[2:] for row in group], date=run.date)


def read_part(*, run_id: int, after: int, size: int, abouts: Sequence[About]) -> dict[Subject, Sums]:
    """This function will return what `size` lines of a bill behind the first `after` say of subjects of some kinds."""
    rows = db.fetch(sql.load(_HERE, "read_part"), (run_id, after, after + size, Texts(abouts)))
    return {
        Subject(_ABOUT[about], name): _sums([row[2:] for row in group], date=dt.date.min)
        for (about, name), group in groupby(rows, key=lambda row: (row[0], row[1]))
    }


def find_line_sums(*, subjects: Sequence[Subject], provider: str, besides: int) -> dict[Subject, Sums]:
    """This function will return what a provider's bills say of subjects, those of the run `besides` apart."""
    rows = db.fetch(sql.load(_HERE, "find_line_sums"), (*_names(subjects), provider, besides))
    return {
        Subject(_ABOUT[about], name): _sums(found := [row[2:] for row in group], date=max(row[4] for row in found))
        for (about, name), group in groupby(rows, key=lambda row: (row[0], row[1]))
    }


def find_unbilled(*, subjects: Sequence[Subject], provider: str) -> list[int]:
    """This function will return the places of those subjects that no bill of a provider tells of."""
    return [place - 1 for (place,) in db.fetch(sql.load(_HERE, "find_unbilled"), (*_names(subjects), provider))]


def seek_captures(*, names: Sequence[str], limit: int) -> list[Capture]:
    """This function will return what bills say came in under what we or a provider call a payment, the latest first."""
    return _captures("seek_captures", {"names": Texts(names), "limit": limit})


def seek_day(*, providers: Sequence[str], first: dt.date, last: dt.date, amount: int, limit: int) -> list[Capture]:
    """This function will return what the bills of some days say came in of one amount, in minor units."""
    params = {"providers": Texts(providers), "first": first, "last": last, "amount": amount, "limit": limit}
    return _captures("seek_day", params)


def find_capture(*, name: str) -> Capture | None:
    """This function will return the line of a bill that is called so (`Capture.name`), if money came in by it."""
    named = _LINE.fullmatch(name)
    if named is None:
        return None
    try:
        date = dt.date.fromisoformat(named["date"])
    except ValueError:
        return None
    params = {"provider": named["provider"], "date": date, "position": int(named["position"])}
    found = _captures("find_capture", params)
    return found[0] if found else None


def sum_fee(*, provider: str, subject: str, currency: str) -> int:
    """This function will return what bills say that a provider kept of a payment, in minor units of a currency."""
    rows = db.fetch(sql.load(_HERE, "sum_fee"), {"provider": provider, "subject": subject})
    return max(sum(int(kept) for other, kept in rows if other == currency), 0)


def _captures(statement: str, params: Mapping[str, Any]) -> list[Capture]:
    return [
        Capture(
            provider=provider,
            date=date,
            position=position,
            payment=payment,
            reference=reference,
            provider_id=provider_id,
            amount=Money(amount=amount, currency=currency),
            at=at,
            subject=subject[0] if subject else "",
        )
        for provider, date, position, payment, reference, provider_id, amount, currency, at, *subject in db.fetch(
            sql.load(_HERE, statement), params
        )
    ]


def read_booked(*, subjects: Sequence[Subject], provider: str) -> dict[Subject, Mapping[str, int]]:
    """This function will return what corrections in the ledger have added to our amounts, by currency."""
    booked: dict[Subject, dict[str, int]] = {}
    for about, name, *sides in db.fetch(sql.load(_HERE, "read_booked"), (*_names(subjects), provider)):
        added = booked.setdefault(Subject(_ABOUT[about], name), {})
        for currency, amount in what_is_booked(ours=_money(*sides[:2]), theirs=_money(*sides[2:])).items():
            added[currency] = added.get(currency, 0) + amount
    return dict(booked)


def read_differences(*, provider: str, date: dt.date, limit: int) -> list[Difference]:
    """This function will return up to `limit` open differences of a day."""
    return [as_difference(row) for row in db.fetch(sql.load(_HERE, "read_differences"), (provider, date, limit))]


def read_open(*, limit: int) -> list[Difference]:
    """This function will return up to `limit` open differences of all days, the newest day first."""
    return [as_difference(row) for row in db.fetch(sql.load(_HERE, "read_open"), (limit,))]


def count_all_open(*, limit: int) -> int:
    """This function will count the open differences of all days, up to `limit`."""
    ((count,),) = db.fetch(sql.load(_HERE, "count_all_open"), (limit,))
    return int(count)


def count_open(*, provider: str, date: dt.date) -> dict[Kind, int]:
    """This function will return how many differences of a day are open, by kind."""
    return {Kind(kind): count for kind, count in db.fetch(sql.load(_HERE, "count_open"), (provider, date))}


def find_count_differences() -> list[CountDifference]:
    """This function will return every bill that counted other lines or differences than are there."""
    return [
        CountDifference(
            provider=row[0],
            date=row[1],
            lines=row[2],
            lines_there=row[3],
            differences=row[4],
            differences_there=row[5],
        )
        for row in db.fetch(sql.load(_HERE, "count_differences"))
    ]


def as_difference(row: Sequence[Any]) -> Difference:
    """This function will make a difference of its row."""
    return Difference(
        id=row[0],
        number=ids.to_number(row[0]),
        provider=row[1],
        date=row[2],
        kind=Kind(row[3]),
        subject=Subject(About(row[4]), row[5]),
        payment=row[6],
        ours=_money(row[7], row[8]),
        theirs=_money(row[9], row[10]),
        state=State(row[11]),
        how=How(row[12]) if row[12] else None,
        actor=row[13],
        why=row[14],
        found_at=row[15],
        settled_at=row[16],
    )


def _sums(rows: Sequence[Any], *, date: dt.date) -> Sums:
    """Make one of the rows of all currencies: currency, payment, amount, count, and what else there is."""
    return Sums(
        amounts={row[0]: row[2] for row in rows},
        lines=sum(row[3] for row in rows),
        payment=rows[0][1],
        last_date=date,
    )


def _money(amount: int, currency: str) -> Money | None:
    return Money(amount=amount, currency=currency) if currency else None


def _names(subjects: Sequence[Subject]) -> tuple[Texts, Texts]:
    return Texts([subject.about for subject in subjects]), Texts([subject.name for subject in subjects])
