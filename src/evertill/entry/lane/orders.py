"""Orders over HTTP. Placing is the hot path: a bare ASGI handler in front of a gather; the rest is ordinary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from evertill.entry.lane.answers import Answer, created, send_answer
from evertill.entry.lane.auth import caller_of
from evertill.entry.lane.body import decode, idempotency_key, read_body, read_headers
from evertill.entry.lane.gather import Gather
from evertill.entry.lane.problems import InvalidField, render
from evertill.entry.lane.threads import in_thread
from evertill.entry.lane.turn import Turn
from evertill.journeys.authenticate_caller import Caller
from evertill.journeys.place_orders import (
    AskedLine,
    Outcome,
    Placed,
    PlaceOrder,
    digest_key,
    nearest_language,
    place_orders,
)
from evertill.journeys.refuse_program import refuse_program
from evertill.kernel import clock, config, crypto
from evertill.kernel.contacts import EMAIL, EMAIL_CHARS_MAX, PHONE, InvalidPhone, read_phone
from evertill.kernel.errors import EvertillError

# The end is $(?!\n), because $ alone lets a line break through in Python; it means the same in every other dialect.
SKU = r"^[^\x00-\x1f\x7f-\x9f]{1,64}$(?!\n)"
CURRENCY = r"^[A-Z]{3}$(?!\n)"
LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$(?!\n)"


class ContactIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to reach the customer about this order: by email, by telephone, or by both; and in which language."""

    email: Annotated[str, Meta(pattern=EMAIL, max_length=EMAIL_CHARS_MAX, examples=["you@example.com"])] | UnsetType = (
        UNSET
    )
    phone: (
        Annotated[
            str,
            Meta(
                pattern=PHONE,
                description="As people write it; without a country it is one of the shop's own region.",
                examples=["+86 138 0013 8000"],
            ),
        ]
        | UnsetType
    ) = UNSET
    language: (
        Annotated[
            str,
            Meta(
                pattern=LANGUAGE,
                description="A language tag. The shop's nearest one is taken; without, its first.",
                examples=["zh-CN"],
            ),
        ]
        | UnsetType
    ) = UNSET


class LineIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: a SKU and how many pieces."""

    sku: Annotated[str, Meta(pattern=SKU, examples=["TEA-001"])]
    # The journey knows the limits of numbers and lines, and a name for each that is passed; the document tells them.
    quantity: Annotated[int, Meta(examples=[1])]
    unit_price: Annotated[
        int | None,
        Meta(
            description="Minor units for one piece, instead of the shop's price. Needs the scope orders:price.",
        ),
    ] = None


class OrderIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order to be placed."""

    lines: Annotated[list[LineIn], Meta(min_length=1)]
    currency: Annotated[str, Meta(pattern=CURRENCY, description="ISO 4217, upper case.", examples=["GBP"])]
    contact: ContactIn
    expected_total: Annotated[
        int | None,
        Meta(description="Minor units that the customer agreed to; if the total is another one, nothing is taken."),
    ] = None


class MoneyOut(msgspec.Struct, frozen=True):
    """An amount in minor units of a currency."""

    amount: Annotated[int, Meta(examples=[850])]
    currency: Annotated[str, Meta(examples=["GBP"])]


class LineOut(msgspec.Struct, frozen=True):
    """A line as it was placed; prices in minor units."""

    sku: str
    title: str
    quantity: int
    unit_price: int
    total: int


class OrderOut(msgspec.Struct, frozen=True):
    """An order. The goods are kept until `reserved_until`."""

    number: Annotated[str, Meta(description="What people call this order by.", examples=["0E9W-9MHZ-4G9XQ"])]
    state: Annotated[
        str,
        Meta(description="PLACED, PAID, REFUNDED, CANCELLED or EXPIRED; more will follow.", examples=["PLACED"]),
    ]
    total: MoneyOut
    lines: Sequence[LineOut]
    placed_at: dt.datetime
    reserved_until: dt.datetime


class PlacedOut(OrderOut, frozen=True, kw_only=True):
    """A placed order; `access_token` lets whoever holds it read or cancel this one order."""

    receipt: (
        Annotated[
            str,
            Meta(
                description="Proves the order, signed by the shop: keep it. Absent for one placed before there were"
                " receipts.",
                examples=["EVERTILL1.AWE3…"],
            ),
        ]
        | UnsetType
    ) = UNSET
    # The last one: quick clients look for it there.
    access_token: str


class PriceScopeMissing(EvertillError):
    """The caller names a price and may not."""

    code = "SCOPE_MISSING"
    status = "forbidden"
    remedy = "Leave unit_price out, or use an API token with the scope orders:price."


_decoder = msgspec.json.Decoder(OrderIn)
_encoder = msgspec.json.Encoder()


@cache
def placing() -> Gather[PlaceOrder, Outcome]:
    """This function will return this process's queue of orders to be placed."""
    limits = config.get()
    return Gather(
        lambda asked: place_orders(asked, now=clock.now()),
        name="place",
        weigh=lambda ask: len(ask.lines),
        count_max=limits.batch_orders_max,
        weight_max=limits.batch_lines_max,
        queue_max=limits.queue_max,
        patience_s=limits.database_patience_ms / 1e3,
        turn=Turn(limits.data / "place.turn") if limits.data.is_absolute() else None,
    )


async def answer_place(scope: Any, receive: Any) -> Answer:
    """This function will place one order and return status, headers and body of the answer, errors included.

    Raises ClientGone when nobody is left to be answered.
    """
    try:
        headers = read_headers(scope)
        body = await read_body(receive, headers)
        key = idempotency_key(headers)
        order_in = decode(_decoder, body)
        authorization = headers.get(b"authorization")
        caller = await caller_of(authorization) if authorization else None
        placed = await placing().submit(await _allowed(order_in, key, caller))
    except EvertillError as error:
        return render(error)
    assert isinstance(placed, Placed)  # noqa: S101 - a refusal was raised by the gather
    return created(_encoder.encode(_placed_out(placed)), is_repeat=placed.is_repeat)


async def place(scope: Any, receive: Any, send: Any) -> None:
    """This function will answer `POST /api/v1/orders` as a bare ASGI application."""
    await send_answer(answer_place(scope, receive), send)


async def _allowed(order_in: OrderIn, key: bytes, caller: Caller | None) -> PlaceOrder:
    try:
        return _ask(order_in, key, caller)
    except PriceScopeMissing:
        if caller is not None:
            await in_thread(refuse_program, caller=caller, scope="orders:price", now=clock.now())
        raise


def _ask(order_in: OrderIn, key: bytes, caller: Caller | None) -> PlaceOrder:
    if (caller is None or "orders:price" not in caller.scopes) and any(
        line.unit_price is not None for line in order_in.lines
    ):
        raise PriceScopeMissing("Naming a unit_price needs the scope orders:price.")
    contact = order_in.contact
    if not contact.email and not contact.phone:
        raise InvalidField("A contact has an email or a phone.", pointer="$.contact")
    return PlaceOrder(
        key_digest=digest_key(caller=caller.key_owner if caller else "", key=key),
        # Of what was understood, not of the bytes: a client that orders its fields anew still repeats itself.
        body_digest=crypto.fingerprint(_encoder.encode(order_in)),
        lines=[AskedLine(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price) for line in order_in.lines],
        currency=order_in.currency,
        email=contact.email or "",
        phone=_read_phone(contact.phone) if contact.phone else "",
        language=nearest_language(contact.language) if contact.language else "",
        expected_total=order_in.expected_total,
    )


def _read_phone(text: str) -> str:
    try:
        return read_phone(text, region=config.get().phone_region)
    except InvalidPhone as error:
        raise InvalidField(str(error), pointer="$.contact.phone") from None


def _placed_out(placed: Placed) -> PlacedOut:
    order = placed.order
    return PlacedOut(
        placed.number,
        order.state,
        MoneyOut(order.total, order.currency),
        [LineOut(line.sku, line.title, line.quantity, line.unit_price, line.total) for line in order.lines],
        order.placed_at,
        order.reserved_until,
        receipt=placed.receipt or UNSET,
        access_token=placed.access_token,
    )
