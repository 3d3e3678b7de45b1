"""Makes the day: payments, fees, refunds, the bill of them, and differences planted between the two; by a seed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from evertill.kernel import ids

_CURRENCY, _OTHER = "GBP", "EUR"
_FEE = 24
# Of so many payments one is given back in part, and so many are booked on one day and billed on another.
_REFUNDED_OF, _STRADDLING_OF = 10, 200
_HOUR = dt.timedelta(hours=1)

# What a planted difference is called: its kind, what it is about, and our or the provider's name for that.
Name = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment as our books have it. What is 0 or None is not in them; `order` is nobody's, for the ledger only."""

    id: int
    order: str
    asked: int
    captured: int
    fee: int
    refund_id: int | None
    refunded: int
    booked_at: dt.datetime

    @property
    def number(self) -> str:
        """How everybody calls it."""
        return ids.to_number(self.id)

    @property
    def provider_id(self) -> str:
        """How the provider calls it."""
        return f"pay_{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the provider's bill, in its own words."""

    date: dt.date
    kind: str
    payment: str
    refund: str | None
    reference: str
    amount: int
    currency: str
    at: dt.datetime


@dataclass(slots=True, kw_only=True)
class Day:
    """Both sides of a day, and by what they differ."""

    date: dt.date
    payments: list[Payment] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    planted: set[Name] = field(default_factory=set)


def make(*, date: dt.date, lines: int, planted: int, seed: int) -> Day:
    """This function will make a day with about `lines` lines on its bill and exactly `planted` differences."""
    draw = random.Random(seed)
    day = Day(date=date)
    # A payment has two lines, and one in ten a third.
    count = lines * _REFUNDED_OF // (2 * _REFUNDED_OF + 1)
    numbers = ids.new_ids(3 * count, now=_at(date, 0), randbits=draw.getrandbits)
    chosen = set(draw.sample(range(0, count, 2), planted))
    kinds = list(_PLANTS)
    for place in range(count):
        payment = _payment(day, place, count, numbers[3 * place : 3 * place + 3], draw)
        rows = _rows(date, payment)
        if place in chosen:
            kind = kinds[len(day.planted) % len(kinds)]
            payment, rows, name = _PLANTS[kind](payment, rows)
            day.planted.add(name)
        elif place % _STRADDLING_OF == 1:
            payment, rows = _straddle(payment, rows, is_late=draw.random() < 0.5)
        day.payments.append(payment)
        day.rows += rows
    draw.shuffle(day.rows)
    return day


def _at(date: dt.date, seconds: float) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)


def _payment(day: Day, place: int, count: int, numbers: list[int], draw: random.Random) -> Payment:
    # Spread over the hours in which nobody could take one day for the other; each hour's are booked together.
    hour = 2 + place * 20 // count
    captured = draw.randint(500, 50_000)
    # Those for which a difference may be planted all have a refund of theirs, so that each kind finds what it changes.
    is_refunded = place % _REFUNDED_OF == 0
    return Payment(
        id=numbers[0],
        order=ids.to_number(numbers[1]),
        asked=captured,
        captured=captured,
        fee=_FEE,
        refund_id=numbers[2] if is_refunded else None,
        refunded=captured // 3 if is_refunded else 0,
        booked_at=_at(day.date, 3600 * hour),
    )


def _rows(date: dt.date, payment: Payment) -> list[Row]:
    charge = Row(
        date=date,
        kind="charge",
        payment=payment.provider_id,
        refund=None,
        reference=payment.number,
        amount=payment.captured,
        currency=_CURRENCY,
        at=payment.booked_at,
    )
    rows = [charge, replace(charge, kind="fee", amount=-payment.fee)]
    if payment.refund_id is not None:
        rows.append(replace(charge, kind="refund", refund=f"ref_{payment.refund_id}", amount=-payment.refunded))
    return rows


def _straddle(payment: Payment, rows: list[Row], *, is_late: bool) -> tuple[Payment, list[Row]]:
    """Book a payment just after the midnight before which it was made, or the other way round, as clocks differ."""
    date = rows[0].date
    if is_late:
        booked, billed, at = _at(date, 3), date - 24 * _HOUR, _at(date, -2)
    else:
        booked, billed, at = _at(date, 86_398), date + 24 * _HOUR, _at(date, 86_401)
    return replace(payment, booked_at=booked), [replace(row, date=billed, at=at) for row in rows]


_Planted = tuple[Payment, list[Row], Name]


def _refund(payment: Payment) -> Payment:
    """The payment with a refund for a difference to be about; its order's number is as good as any other."""
    if payment.refund_id is not None:
        return payment
    return replace(payment, refund_id=ids.from_number(payment.order), refunded=payment.captured // 3)


def _strange(payment: Payment, rows: list[Row]) -> _Planted:
    name = f"strange-{payment.id}"
    row = replace(rows[0], payment=f"pay_{name}", reference=name)
    return payment, [*rows, row], ("MISSING_HERE", "CAPTURE", name)


def _unpaid(payment: Payment, rows: list[Row]) -> _Planted:
    unpaid = replace(payment, captured=0, fee=0, refund_id=None, refunded=0)
    return unpaid, rows[:1], ("MISSING_HERE", "CAPTURE", payment.number)


def _no_fee(payment: Payment, rows: list[Row]) -> _Planted:
    return replace(payment, fee=0), rows, ("MISSING_HERE", "FEE", payment.number)


def _refunded_there(payment: Payment, rows: list[Row]) -> _Planted:
    name = f"ref_by_hand_{payment.id}"
    return payment, [*rows, replace(rows[0], kind="refund", refund=name, amount=-7)], ("MISSING_HERE", "REFUND", name)


def _absent(kind: str, about: str) -> Callable[[Payment, list[Row]], _Planted]:
    def plant(payment: Payment, rows: list[Row]) -> _Planted:
        payment, rows, name = _subject(kind, about, payment)
        return payment, [row for row in rows if row.kind != kind], ("MISSING_THERE", about, name)

    return plant


def _other(kind: str, about: str, *, currency: str = _CURRENCY) -> Callable[[Payment, list[Row]], _Planted]:
    what = "AMOUNT_DIFFERS" if currency == _CURRENCY else "CURRENCY_DIFFERS"

    def plant(payment: Payment, rows: list[Row]) -> _Planted:
        payment, rows, name = _subject(kind, about, payment)
        changed = [
            replace(row, amount=row.amount + (currency == _CURRENCY), currency=currency) if row.kind == kind else row
            for row in rows
        ]
        return payment, changed, (what, about, name)

    return plant


def _twice(kind: str, about: str) -> Callable[[Payment, list[Row]], _Planted]:
    def plant(payment: Payment, rows: list[Row]) -> _Planted:
        payment, rows, name = _subject(kind, about, payment)
        return payment, rows + [row for row in rows if row.kind == kind], ("DUPLICATED", about, name)

    return plant


def _subject(kind: str, about: str, payment: Payment) -> tuple[Payment, list[Row], str]:
    """The payment with all that the difference needs, its rows as they should be, and what the difference is about."""
    if kind == "refund":
        payment = _refund(payment)
    rows = _rows(payment.booked_at.date(), payment)
    if about == "REFUND" and payment.refund_id is not None:
        return payment, rows, ids.to_number(payment.refund_id)
    return payment, rows, payment.number


_PLANTS: dict[str, Callable[[Payment, list[Row]], _Planted]] = {
    "strange capture": _strange,
    "unpaid here": _unpaid,
    "fee not booked": _no_fee,
    "refunded there": _refunded_there,
    "no capture there": _absent("charge", "CAPTURE"),
    "no fee there": _absent("fee", "FEE"),
    "no refund there": _absent("refund", "REFUND"),
    "another amount": _other("charge", "CAPTURE"),
    "another fee": _other("fee", "FEE"),
    "another refund": _other("refund", "REFUND"),
    "another currency": _other("charge", "CAPTURE", currency=_OTHER),
    "a fee in another currency": _other("fee", "FEE", currency=_OTHER),
    "billed twice": _twice("charge", "CAPTURE"),
    "fee twice": _twice("fee", "FEE"),
    "refunded twice": _twice("refund", "REFUND"),
}
