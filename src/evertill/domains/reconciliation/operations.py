"""Writes of reconciliation. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from evertill.domains.reconciliation.queries import as_difference
from evertill.domains.reconciliation.types import Difference, Found, How, Line, Run, Subject
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints, Texts
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money

_HERE = "evertill.domains.reconciliation"
_WHY_CHARS = 200


class RunOvertaken(EvertillError):
    """Another run for the same day began while this one was fetching."""

    code = "RUN_OVERTAKEN"
    status = "conflict"
    kept = "The other run goes on; this one left nothing behind."
    remedy = "Wait for the other run, and look at what it found with `evertill reconcile show`."


class DifferenceSettled(EvertillError):
    """The difference does not exist, or is settled already."""

    code = "DIFFERENCE_SETTLED"
    status = "conflict"
    remedy = "Look at what is open with `evertill reconcile show`."


def begin_run(*, run_id: int, provider: str, date: dt.date, now: dt.datetime) -> None:
    """This function will begin a run for the bill of a day; one that is still fetching the same bill is given up."""
    db.execute(sql.load(_HERE, "begin_run"), {"id": run_id, "provider": provider, "date": date, "now": now})


def store_lines(*, run_id: int, lines: Sequence[Line], after: int) -> None:
    """This function will keep lines of a bill behind the `after` lines that are kept already; raises RunOvertaken."""
    written = db.execute(
        sql.load(_HERE, "store_lines"),
        (
            run_id,
            after,
            Texts([line.subject.about for line in lines]),
            Texts([line.subject.name for line in lines]),
            Texts([line.payment for line in lines]),
            Texts([line.reference for line in lines]),
            Texts([line.provider_id for line in lines]),
            Texts([line.part_id for line in lines]),
            Bigints([line.amount.amount for line in lines]),
            Texts([line.amount.currency for line in lines]),
            Texts([line.at.isoformat() for line in lines]),
        ),
    )
    if written != len(lines):
        raise RunOvertaken("Another run for the same bill has begun meanwhile.")


def drop_run(*, run_id: int) -> None:
    """This function will end a run whose bill could not be fetched whole; its lines go."""
    db.execute(sql.load(_HERE, "drop_run"), (run_id,))


def open_pass(*, run_id: int, provider: str, date: dt.date, now: dt.datetime) -> int:
    """This function will begin to compare a bill, from now on the one of its day that counts; returns the pass.

    Comparisons of one day come one behind the other. Raises RunOvertaken.
    """
    db.fetch(sql.load(_HERE, "lock_day"), (provider, date))
    db.execute(sql.load(_HERE, "replace_runs"), (provider, date, run_id))
    rows = db.fetch(sql.load(_HERE, "open_pass"), (now, run_id))
    if not rows:
        raise RunOvertaken("Another run for the same bill has begun meanwhile.")
    return int(rows[0][0])


def record_differences(*, run: Run, run_pass: int, found: Sequence[Found], now: dt.datetime) -> int:
    """This function will keep what a comparison found, and return how many differences that are.

    One that was accepted with the same amounts stays accepted, one that is open is told anew.
    """
    ours = [_sides(one.verdict.ours) for one in found]
    theirs = [_sides(one.verdict.theirs) for one in found]
    ((accepted, opened),) = db.fetch(
        sql.load(_HERE, "record_differences"),
        {
            "provider": run.provider,
            "date": run.date,
            "run_id": run.id,
            "run_pass": run_pass,
            "now": now,
            "id": Bigints([one.id for one in found]),
            "about": Texts([one.subject.about for one in found]),
            "subject": Texts([one.subject.name for one in found]),
            "payment": Texts([one.payment for one in found]),
            "kind": Texts([one.verdict.kind for one in found]),
            "our_amount": Bigints([amount for amount, _ in ours]),
            "our_currency": Texts([currency for _, currency in ours]),
            "their_amount": Bigints([amount for amount, _ in theirs]),
            "their_currency": Texts([currency for _, currency in theirs]),
        },
    )
    return int(accepted + opened)


def end_pass(*, run_id: int, lines: int, matched: int, pending: int, differences: int, now: dt.datetime) -> None:
    """This function will write down what a comparison counted, and settle what it did not find any more."""
    db.execute(
        sql.load(_HERE, "end_pass"),
        {
            "run_id": run_id,
            "lines": lines,
            "matched": matched,
            "pending": pending,
            "differences": differences,
            "now": now,
        },
    )


def lock_difference(*, difference_id: int) -> Difference:
    """This function will lock one open difference and read it as it is then; raises DifferenceSettled."""
    rows = db.fetch(sql.load(_HERE, "lock_difference"), (difference_id,))
    found = as_difference(rows[0]) if rows else None
    if found is None:
        raise DifferenceSettled("There is no such difference.")
    if found.how is not None:
        raise DifferenceSettled(f"This difference is settled already: {found.how.value}, {found.why}")
    return found


def settle_difference(*, difference_id: int, how: How, actor: str, why: str, now: dt.datetime) -> None:
    """This function will end an open difference, with who says so and why; raises DifferenceSettled."""
    statement = sql.load(_HERE, "settle_difference")
    if not db.execute(statement, (how.value, actor[:64], why[:_WHY_CHARS], now, difference_id)):
        raise DifferenceSettled("This difference is settled already.")


def rename_subject(*, provider: str, subject: Subject, name: str) -> None:
    """This function will have a provider's lines about one subject be about another of the same kind."""
    db.execute(sql.load(_HERE, "rename_subject"), (name, provider, subject.name, subject.about.value))


def _sides(money: Money | None) -> tuple[int, str]:
    return (0, "") if money is None else (money.amount, money.currency)
