"""Compare a bill that was fetched with our books: every line with what we booked, every booking with the lines."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from evertill.domains import ledger, payments, reconciliation
from evertill.domains.reconciliation import About, Found, Run, Subject, Sums, Verdict
from evertill.journeys.booked_subjects import ABOUT, add, read_ours
from evertill.kernel import config, ids

T = TypeVar("T")
_DAY = dt.timedelta(days=1)


def compare_bill(*, provider: payments.Provider, date: dt.date, run_id: int, now: dt.datetime) -> Run:
    """This function will compare the bill of a run with our books, both ways, and keep what it finds.

    From now on this bill is the one of its day that counts. The caller holds a transaction; lines and bookings pass
    through it batch by batch.
    """
    run_pass = reconciliation.open_pass(run_id=run_id, provider=provider.name, date=date, now=now)
    runs = reconciliation.read_runs(provider=provider.name, first=date - _DAY, last=date + _DAY)
    run = runs[date]
    lines = matched = pending = differences = 0
    for batch in chunks(reconciliation.stream_subjects(run=run), config.get().bill_batch_max):
        found, count = _compare_lines(run, dict(batch), now=now)
        lines += sum(sums.lines for _, sums in batch)
        matched += count
        differences += _record(run, run_pass, found, now=now)
    span = reconciliation.span_of(date, utc_offset=provider.utc_offset)
    fetched = {day: known.fetched_at for day, known in runs.items()}
    booked = ledger.stream_cleared(provider=provider.name, since=span.begins_at, until=span.ends_at)
    for entries in chunks(booked, config.get().bill_batch_max):
        found = []
        for entry, one in _find_unbilled(run, entries, now=now):
            is_pending = reconciliation.is_pending(
                booked_at=entry.posted_at,
                span=span,
                fetched_at=run.fetched_at,
                before=fetched.get(date - _DAY),
                after=fetched.get(date + _DAY),
                grace=dt.timedelta(seconds=config.get().bill_grace_s),
            )
            if is_pending:
                pending += 1
            else:
                found.append(one)
        differences += _record(run, run_pass, found, now=now)
    reconciliation.end_pass(
        run_id=run.id, lines=lines, matched=matched, pending=pending, differences=differences, now=now
    )
    return reconciliation.read_runs(provider=provider.name, first=date, last=date)[date]


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """This function will give items in lists of `size`; only one list is in memory at a time."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _compare_lines(run: Run, subjects: Mapping[Subject, Sums], *, now: dt.datetime) -> tuple[list[Found], int]:
    """Return what of a batch of one bill's subjects differs, and how many lines do not."""
    names = list(subjects)
    elsewhere = reconciliation.find_line_sums(subjects=names, provider=run.provider, besides=run.id)
    ours = read_ours(names, provider=run.provider)
    found: list[Found] = []
    matched = 0
    for subject, sums in subjects.items():
        theirs, count = dict(sums.amounts), sums.lines
        other = elsewhere.get(subject)
        if other is not None:
            add(theirs, other.amounts)
            count += other.lines
        # Of lines on several bills the last bill tells, so that a difference is told once.
        is_told_later = other is not None and other.last_date > run.date
        verdict = (
            None if is_told_later else reconciliation.judge(ours=ours.get(subject, {}), theirs=theirs, lines=count)
        )
        if verdict is None:
            matched += sums.lines
        else:
            found.append(_found(subject, sums.payment, verdict, now=now))
    return found, matched


def _find_unbilled(
    run: Run, entries: Sequence[ledger.Cleared], *, now: dt.datetime
) -> Iterator[tuple[ledger.Cleared, Found]]:
    """Give the bookings of a batch that are on no bill we know of."""
    told = [(Subject(ABOUT[entry.kind], entry.reference), entry) for entry in entries if entry.kind in ABOUT]
    places = reconciliation.find_unbilled(subjects=[subject for subject, _ in told], provider=run.provider)
    missing = [told[place] for place in places]
    if not missing:
        return
    booked = reconciliation.read_booked(subjects=[subject for subject, _ in missing], provider=run.provider)
    paid_by = _payments_of([subject for subject, _ in missing])
    for subject, entry in missing:
        ours = {entry.amount.currency: entry.amount.amount}
        add(ours, booked.get(subject, {}))
        verdict = reconciliation.judge(ours=ours, theirs={}, lines=0)
        if verdict is not None:
            yield entry, _found(subject, paid_by.get(subject, ""), verdict, now=now)


def _payments_of(subjects: Sequence[Subject]) -> dict[Subject, str]:
    """Return the numbers of the payments that bookings are about."""
    refunds = {subject: _to_id(subject.name) for subject in subjects if subject.about is About.REFUND}
    known = payments.read_refunds(refund_ids={number for number in refunds.values() if number is not None})
    paid_by = {
        subject: ids.to_number(known[refund_id].intent_id)
        for subject, refund_id in refunds.items()
        if refund_id in known
    }
    whole = (subject for subject in subjects if subject.about in (About.CAPTURE, About.FEE))
    return paid_by | {subject: subject.name for subject in whole if _to_id(subject.name) is not None}


def _record(run: Run, run_pass: int, found: Sequence[Found], *, now: dt.datetime) -> int:
    return reconciliation.record_differences(run=run, run_pass=run_pass, found=found, now=now) if found else 0


def _found(subject: Subject, payment: str, verdict: Verdict, *, now: dt.datetime) -> Found:
    (difference_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    return Found(id=difference_id, subject=subject, payment=payment, verdict=verdict)


def _to_id(number: str) -> int | None:
    try:
        return ids.from_number(number)
    except ids.InvalidNumber:
        return None
