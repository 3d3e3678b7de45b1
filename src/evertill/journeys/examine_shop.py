"""Examine a restored shop: take an order in it, and see that its books are sound. Only in a shop to throw away."""

from __future__ import annotations

import datetime as dt
import secrets
import time

import msgspec

from evertill.domains import catalog, orders, stock
from evertill.journeys.anchor_journal import noted_of_restored
from evertill.journeys.audit_books import audit_books
from evertill.journeys.place_orders import AskedLine, Placed, PlaceOrder, digest_key, place_orders
from evertill.journeys.view_order import view_order
from evertill.kernel import crypto, db

__all__ = ["Examined", "examine_shop"]

_SKU = "EVERTILL-DRILL"
_TOLD_MAX = 5


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a restored shop.

    `order` is the number of the order that it took, None when it took none, and `order_s` how long that took; `faults`
    is what is wrong with it. Placed before the asked moment were `orders`; `fingerprint` stands for which.
    """

    order: str | None
    order_s: float
    faults: list[str]
    orders: int
    fingerprint: int


def examine_shop(*, placed_before: dt.datetime, now: dt.datetime) -> Examined:
    """This function will place an order in this shop, read it back, and audit the books before and with it."""
    began = time.monotonic()
    number, faults = _order(now=now)
    order_s = time.monotonic() - began
    count, fingerprint = orders.fingerprint(placed_before=placed_before)
    findings = audit_books(noted=noted_of_restored())
    faults += [f"{one.check}: {one.subject}: {one.detail}" for one in findings[:_TOLD_MAX]]
    if len(findings) > _TOLD_MAX:
        faults.append(f"and {len(findings) - _TOLD_MAX} more differences in the books")
    return Examined(order=number, order_s=order_s, faults=faults, orders=count, fingerprint=fingerprint)


def _order(*, now: dt.datetime) -> tuple[str | None, list[str]]:
    _put_on_sale(now=now)
    key = secrets.token_bytes(16)
    asked = PlaceOrder(
        key_digest=digest_key(caller="drill", key=key),
        body_digest=crypto.fingerprint(b"drill", key),
        lines=[AskedLine(sku=_SKU, quantity=1)],
        currency="GBP",
        email="drill@example.com",
    )
    (outcome,) = place_orders([asked], now=now)
    if not isinstance(outcome, Placed):
        return None, [f"it does not take an order: {outcome.detail}"]
    if view_order(order_id=outcome.order.id) != outcome.order:
        return outcome.number, ["the order that it took reads differently"]
    return outcome.number, []


def _put_on_sale(*, now: dt.datetime) -> None:
    draft = catalog.ProductDraft(
        slug=_SKU.lower(),
        texts={"en": catalog.Text(title="Restore drill", text="Nothing to buy.")},
        variants=[catalog.VariantDraft(sku=_SKU, title="Restore drill", prices={"GBP": 100})],
    )
    with db.write():
        catalog.save_products(drafts=[draft], now=now)
        if _SKU not in stock.read_items(skus=[_SKU]):
            stock.open_items(kinds={_SKU: stock.Kind.UNLIMITED})
