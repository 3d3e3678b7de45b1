"""When bill and books differ, when it is too early to say so, and what to do about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from evertill.domains.reconciliation.types import About, Ending, Kind, Span, Standing, Verdict
from evertill.kernel.money import Money

# Days that are looked back at for a bill that was never fetched.
_GAPS_DAYS = 7
# The two last days are fetched every day: what was late on one side has come by the second time.
_AGAIN_DAYS = 2
# A bill that is not there an hour before the end of the day after is a matter for somebody.
_OVERDUE = dt.timedelta(hours=23)
_DAY = dt.timedelta(days=1)


def judge(*, ours: Mapping[str, int], theirs: Mapping[str, int], lines: int) -> Verdict | None:
    """This function will compare amounts by currency, and say how they differ; None when they do not.

    `lines` is how many lines of bills `theirs` is the sum of.
    """
    # In the order of currencies, so that the same difference is told in the same way again.
    left = [currency for currency in sorted({*ours, *theirs}) if ours.get(currency, 0) != theirs.get(currency, 0)]
    if not left:
        return None
    has_ours, has_theirs = any(ours.values()), lines > 0
    if not has_ours:
        kind = Kind.MISSING_HERE
    elif not has_theirs:
        kind = Kind.MISSING_THERE
    elif lines > 1:
        kind = Kind.DUPLICATED
    else:
        kind = Kind.CURRENCY_DIFFERS if len(left) > 1 else Kind.AMOUNT_DIFFERS
    mine = next((currency for currency in left if ours.get(currency)), None)
    other = mine if mine and theirs.get(mine) else next((currency for currency in left if theirs.get(currency)), None)
    return Verdict(
        kind=kind,
        ours=None if mine is None else Money(amount=ours[mine], currency=mine),
        theirs=None if other is None else Money(amount=theirs[other], currency=other),
    )


def what_is_booked(*, ours: Money | None, theirs: Money | None) -> dict[str, int]:
    """This function will return what has to be added to our amounts, by currency, for them to be what the bill says."""
    added: dict[str, int] = {}
    if ours is not None:
        added[ours.currency] = -ours.amount
    if theirs is not None:
        added[theirs.currency] = added.get(theirs.currency, 0) + theirs.amount
    return {currency: amount for currency, amount in added.items() if amount}


def span_of(date: dt.date, *, utc_offset: dt.timedelta) -> Span:
    """This function will return the moments of a day for a clock that is so far ahead of UTC."""
    begins_at = dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC) - utc_offset
    return Span(begins_at=begins_at, ends_at=begins_at + _DAY)


def is_pending(
    *,
    booked_at: dt.datetime,
    span: Span,
    fetched_at: dt.datetime,
    before: dt.datetime | None,
    after: dt.datetime | None,
    grace: dt.timedelta,
) -> bool:
    """This function will say whether it is too early to miss an entry of the day `span` on the provider's bills.

    Clocks differ, and what we book just after midnight the provider did just before it. So an entry within `grace` of
    midnight may stand on the neighbouring day's bill; `before` and `after` say when those were fetched, if ever. A bill
    that was fetched before its day was over has to be fetched again.
    """
    if fetched_at < span.ends_at and booked_at >= fetched_at - grace:
        return True
    if booked_at < span.begins_at + grace and (before is None or before < span.begins_at):
        return True
    return booked_at >= span.ends_at - grace and (after is None or after < span.ends_at + grace)


def suggest(*, kind: Kind, about: About, standing: Standing, is_covered: bool) -> Ending:
    """This function will choose the one ending that usually is the right one.

    `is_covered`: whether the payment has captured, and not given back, as much as a refund of the bill takes.
    """
    if kind in (Kind.MISSING_THERE, Kind.DUPLICATED):
        return Ending.ACCEPT
    if about is About.PAYOUT or (about is About.FEE and standing is Standing.NONE):
        return Ending.BOOK
    if standing is not Standing.CAPTURED:
        return Ending.SETTLE if standing is Standing.UNPAID else Ending.ACCEPT
    if kind is not Kind.MISSING_HERE:
        return Ending.BOOK
    if about in (About.DISPUTE, About.DISPUTE_WON):
        return Ending.CHECK_DISPUTES
    return Ending.ACCEPT if about is About.REFUND and not is_covered else Ending.BOOK


def choose_due(*, today: dt.date, midnight: dt.datetime, fetched: Mapping[dt.date, dt.datetime]) -> Sequence[dt.date]:
    """This function will return the days whose bill is to be fetched now, oldest first.

    They are the two days before `today`, which began at `midnight`, once today; and those of the last week that were
    left out since the first bill of the week. `fetched` says when the bill of a day was fetched last.
    """
    days = [today - dt.timedelta(days=back) for back in range(_GAPS_DAYS, 0, -1)]
    again = days[-_AGAIN_DAYS:]
    first = min(fetched, default=today)
    gaps = [day for day in days[:-_AGAIN_DAYS] if day > first and day not in fetched]
    return gaps + [day for day in again if day not in fetched or fetched[day] < midnight]


def is_overdue(*, span: Span, now: dt.datetime) -> bool:
    """This function will say whether the bill of a day should have come by now."""
    return now >= span.ends_at + _OVERDUE
