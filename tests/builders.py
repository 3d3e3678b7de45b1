"""Small makers of what tests begin with. Each has a default for everything that the test does not speak of."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping

from evertill.domains import stock
from evertill.domains.catalog.models import Price, Product, Variant
from evertill.journeys import place_orders as placing
from evertill.kernel import crypto

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def make_product(
    sku: str = "TEA",
    *,
    prices: Mapping[str, int] | None = None,
    pieces: int | None = 10,
    title: str = "",
    is_active: bool = True,
    status: str = "ACTIVE",
) -> str:
    """A product with one variant, priced per currency in minor units; `pieces` None means that it cannot run out."""
    product = Product.objects.create(slug=sku.lower(), status=status, created_at=NOON, updated_at=NOON)
    variant = Variant.objects.create(product=product, sku=sku, title=title or f"Title of {sku}", is_active=is_active)
    for currency, amount in ({"GBP": 250} if prices is None else prices).items():
        Price.objects.create(variant=variant, currency=currency, amount=amount)
    make_stock(sku, pieces=pieces)
    return sku


def make_stock(sku: str = "TEA", *, pieces: int | None = 10) -> None:
    """A balance with so many pieces received; None means unlimited."""
    stock.open_items(kinds={sku: stock.Kind.UNLIMITED if pieces is None else stock.Kind.COUNTED})
    if pieces:
        received = stock.Movement(sku=sku, kind=stock.MovementKind.RECEIVED, quantity=pieces)
        stock.move(movements=[received], now=NOON)


def ask(
    key: str = "key-1",
    lines: Mapping[str, int] | None = None,
    *,
    currency: str = "GBP",
    email: str = "ada@example.com",
    phone: str = "",
    language: str = "",
    account_id: int | None = None,
    expected_total: int | None = None,
    unit_price: int | None = None,
) -> placing.PlaceOrder:
    """A request for one order; its body digest covers all that it asks for."""
    wanted = {"TEA": 1} if lines is None else lines
    body = repr((sorted(wanted.items()), currency, email, phone, expected_total, unit_price)).encode()
    return placing.PlaceOrder(
        key_digest=placing.digest_key(caller="guest", key=key.encode()),
        body_digest=crypto.fingerprint(body),
        lines=[placing.AskedLine(sku=sku, quantity=n, unit_price=unit_price) for sku, n in wanted.items()],
        currency=currency,
        email=email,
        phone=phone,
        language=language,
        account_id=account_id,
        expected_total=expected_total,
    )


def place(*asked: placing.PlaceOrder, now: dt.datetime = NOON) -> list[placing.Outcome]:
    """Place a batch at noon."""
    return placing.place_orders(asked, now=now)


def place_one(
    asked: placing.PlaceOrder | None = None,
    *,
    now: dt.datetime = NOON,
    randbits: Callable[[int], int] = secrets.randbits,
) -> placing.Placed:
    """Place one order that must succeed."""
    (outcome,) = placing.place_orders([asked or ask()], now=now, randbits=randbits)
    assert isinstance(outcome, placing.Placed), outcome
    return outcome


def balance(sku: str = "TEA") -> tuple[int, int]:
    """What lies on the shelf and what is promised of it."""
    item = stock.read_items(skus=[sku])[sku]
    return item.on_hand, item.reserved
