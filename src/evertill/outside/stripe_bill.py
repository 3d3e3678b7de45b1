"""Stripe's balance as the lines of a bill. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from evertill.domains.payments import BillKind, BillLine, ProviderUnavailable
from evertill.kernel.money import Money
from evertill.outside.stripe_units import NotInStripesUnits, from_stripe
from evertill.outside.stripe_webhook import PAYMENT

# https://docs.stripe.com/reports/balance-transaction-types. Money that a failed refund brings back is above zero.
_KINDS = {
    "charge": BillKind.CAPTURE,
    "payment": BillKind.CAPTURE,
    "refund": BillKind.REFUND,
    "payment_refund": BillKind.REFUND,
    "refund_failure": BillKind.REFUND,
    "payment_failure_refund": BillKind.REFUND,
    "payment_reversal": BillKind.REFUND,
}
# Between Stripe and an account of the shop's own.
_OWN = ("payout", "topup", "transfer")


def lines_of(told: Mapping[str, Any]) -> Iterator[BillLine]:
    """This function will give the lines of one balance transaction: what it moved, and the fee that it cost.

    What is none of a bill's kinds is a FEE, below or above zero, so that the lines add up to what the balance moved.
    """
    try:
        source = told["source"] if isinstance(told["source"], dict) else {}
        moved = from_stripe(told["amount"], currency=told["currency"])
        kind = _kind(told, source)
        facts: dict[str, Any] = {
            "reference": str((source.get("metadata") or {}).get(PAYMENT) or ""),
            "provider_id": str(source.get("payment_intent") or ""),
            # A capture and its fee are the payment's own; everything else has a name of Stripe's.
            "part_id": "" if kind is BillKind.CAPTURE else str(source.get("id") or told["id"]),
            "at": dt.datetime.fromtimestamp(told["created"], tz=dt.UTC),
        }
        amount = moved if kind in (BillKind.FEE, BillKind.PAYOUT) else _presented(moved, source)
        if amount.amount:
            yield BillLine(kind=kind, amount=amount, **facts)
        if told["fee"]:
            yield BillLine(kind=BillKind.FEE, amount=from_stripe(-told["fee"], currency=told["currency"]), **facts)
    except (KeyError, TypeError, AttributeError, NotInStripesUnits) as error:
        raise ProviderUnavailable("Stripe tells something else than it describes.") from error


def _kind(told: Mapping[str, Any], source: Mapping[str, Any]) -> BillKind:
    name = str(told["type"])
    if name == "adjustment" and source.get("object") == "dispute":
        return BillKind.DISPUTE if told["amount"] <= 0 else BillKind.DISPUTE_WON
    if name.startswith(_OWN):
        return BillKind.PAYOUT
    return _KINDS.get(name, BillKind.FEE)


def _presented(moved: Money, source: Mapping[str, Any]) -> Money:
    """Return what moved in the currency that the customer paid in, which is our books', where Stripe converts."""
    if str(source.get("currency") or "").upper() in ("", moved.currency):
        return moved
    paid = from_stripe(source["amount"], currency=source["currency"])
    return Money(amount=-paid.amount if moved.amount < 0 else paid.amount, currency=paid.currency)
