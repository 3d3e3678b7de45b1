"""Reconcile a day: fetch the provider's bill of it and compare it with our books; what differs stays until settled."""

from __future__ import annotations

import datetime as dt
import secrets

import structlog

from evertill.domains import incidents, payments, reconciliation
from evertill.domains.reconciliation import Run
from evertill.journeys.book_billed import book_billed
from evertill.journeys.compare_bill import compare_bill
from evertill.journeys.read_bill import BillUnavailable, read_bill
from evertill.kernel import db, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.said import Said, said_of

__all__ = ["BillUnavailable", "DayNotBegun", "NoBill", "reconcile_bill", "reconcile_due", "tell_alerts"]

_log = structlog.get_logger("evertill.reconciliation")
_DAY = dt.timedelta(days=1)
_WEEK = dt.timedelta(days=7)
_ACTOR = "reconciliation"


class NoBill(EvertillError):
    """This provider has no bill that could be fetched."""

    code = "NO_BILL"
    status = "conflict"
    remedy = "Compare what it sends you with the books by hand."


class DayNotBegun(EvertillError):
    """The day lies in the future."""

    code = "DAY_NOT_BEGUN"
    remedy = "Name a day that is over; its bill is complete then."


def reconcile_bill(*, provider: str, date: dt.date, now: dt.datetime) -> Run:
    """This function will fetch the bill of a day, compare it with our books, and return what was counted.

    Fetching it again is harmless: its lines take the place of those before, what differs no more is settled by itself,
    and what somebody accepted stays so. An alert is open as long as a difference of the day is. Raises UnknownProvider,
    NoBill, DayNotBegun, BillUnavailable, RunOvertaken, and what db.write raises; after each nothing has changed.
    """
    source = payments.provider(provider)
    if payments.Capability.BILL not in source.capabilities:
        raise NoBill(f"The payment provider '{source.name}' has no bill that could be fetched.")
    if reconciliation.span_of(date, utc_offset=source.utc_offset).begins_at > now:
        raise DayNotBegun(f"{date} has not begun yet, as {source.name} counts its days.")
    (run_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    with db.write():
        reconciliation.begin_run(run_id=run_id, provider=source.name, date=date, now=now)
    try:
        lines = read_bill(provider=source, date=date, run_id=run_id)
    except BillUnavailable:
        with db.write():
            reconciliation.drop_run(run_id=run_id)
        raise
    book_billed(provider=source, run_id=run_id, lines=lines, now=now)
    run = _compare(source, date, run_id, now=now)
    with db.write():
        incidents.close_alerts(
            kind=incidents.Kind.BILL_UNAVAILABLE,
            subject=f"{source.name} {date}",
            actor=_ACTOR,
            why="The bill has come.",
            now=now,
        )
    # What waited for this bill on the days beside it can be told now.
    around = reconciliation.read_runs(provider=source.name, first=date - _DAY, last=date + _DAY)
    for day, other in around.items():
        if day != date and other.pending:
            _compare(source, day, other.id, now=now)
    return run


def _compare(source: payments.Provider, date: dt.date, run_id: int, *, now: dt.datetime) -> Run:
    with db.write():
        run = compare_bill(provider=source, date=date, run_id=run_id, now=now)
        tell_alerts(provider=source.name, date=date, actor=_ACTOR, now=now)
    return run


def tell_alerts(*, provider: str, date: dt.date, actor: str, now: dt.datetime) -> None:
    """This function will have an alert open as long as a difference of a day is; the caller holds a transaction."""
    subject = f"{provider} {date}"
    counts = reconciliation.count_open(provider=provider, date=date)
    if counts:
        told = Said(
            text=", ".join(f"{count} {kind}" for kind, count in counts.items()),
            code="DIFFERENCES",
            values={str(kind): str(count) for kind, count in counts.items()},
        )
        incidents.raise_alert(kind=incidents.Kind.RECONCILIATION_OPEN, subject=subject, detail=told, now=now)
    else:
        incidents.close_alerts(
            kind=incidents.Kind.RECONCILIATION_OPEN,
            subject=subject,
            actor=actor,
            why="Nothing of that day is open any more.",
            now=now,
        )


def reconcile_due(*, now: dt.datetime) -> int:
    """This function will reconcile every day of every provider that is due, oldest first, and return how many it did.

    What cannot be fetched now is due again at the next call; an hour before the day after ends, that raises an alert.
    Raises what db.write raises.
    """
    done = 0
    for name in payments.providers_with(payments.Capability.BILL):
        source = payments.provider(name)
        today = (now + source.utc_offset).date()
        runs = reconciliation.read_runs(provider=name, first=today - _WEEK, last=today)
        due = reconciliation.choose_due(
            today=today,
            midnight=reconciliation.span_of(today, utc_offset=source.utc_offset).begins_at,
            fetched={day: run.fetched_at for day, run in runs.items()},
        )
        done += sum(_try(source, day, now=now) for day in due)
    return done


def _try(source: payments.Provider, date: dt.date, *, now: dt.datetime) -> bool:
    """Say whether it went well; a bill that cannot be had must not keep the others waiting."""
    try:
        reconcile_bill(provider=source.name, date=date, now=now)
    except (db.DatabaseUnavailable, db.OutcomeUnknown):
        raise
    except EvertillError as error:
        _log.warning("bill waits", provider=source.name, date=str(date), error=error.code)
        detail = said_of(error)
    except Exception as error:  # noqa: BLE001 — logged whole; the other days go on.
        _log.exception("reconciliation failed", provider=source.name, date=str(date))
        detail = Said(text=type(error).__name__, code="INTERNAL")
    else:
        return True
    if reconciliation.is_overdue(span=reconciliation.span_of(date, utc_offset=source.utc_offset), now=now):
        with db.write():
            incidents.raise_alert(
                kind=incidents.Kind.BILL_UNAVAILABLE, subject=f"{source.name} {date}", detail=detail, now=now
            )
    return False
