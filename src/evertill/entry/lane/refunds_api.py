"""Refunds over HTTP: programs give back what was paid; whoever may open an order sees what was given back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, HeaderParameter, JSONBody
from msgspec import Meta

from evertill.entry.lane.body import ClientGone, decode, idempotency_key, read_body, read_headers
from evertill.entry.lane.document import problems
from evertill.entry.lane.opening import ScopeMissing
from evertill.entry.lane.orders import SKU, MoneyOut
from evertill.entry.lane.orders_api import API_TOKEN, OPENED_BY, open_order, require_program
from evertill.entry.lane.problems import BadRequest, BodyTooLarge, InvalidField, KeyMissing, Malformed, WrongMediaType
from evertill.entry.lane.threads import in_paying_thread, in_thread
from evertill.journeys.authenticate_caller import Unauthenticated
from evertill.journeys.refund_order import (
    AmbiguousLine,
    AskedReturn,
    OrderNotPaid,
    RefundKeyReused,
    RefundOrder,
    RefundTooMuch,
    RefundUnclear,
    TooManyPieces,
    UnknownLine,
    UnknownProvider,
    refund_order,
    refunded_by,
)
from evertill.journeys.view_order import OrderNotFound
from evertill.journeys.view_refunds import OrderRefund, view_refund, view_refunds
from evertill.kernel import clock, ids

# The largest amount and number of pieces that an order can have.
_AMOUNT_MAX, _QUANTITY_MAX, _LINES_MAX = 10**15, 10**9, 10_000
# One line of anything that people can read.
_REASON = r"^[^\x00-\x1f\x7f-\x9f]{1,200}$(?!\n)"


class ReturnIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pieces of one SKU that are given back, for what was paid for them."""

    sku: Annotated[str, Meta(pattern=SKU, examples=["TEA-001"])]
    quantity: Annotated[int, Meta(ge=1, le=_QUANTITY_MAX, examples=[1])]
    unit_price: Annotated[
        Annotated[int, Meta(ge=0, le=_AMOUNT_MAX)] | None,
        Meta(description="Minor units for one piece, where lines of this SKU differ in it."),
    ] = None


class RefundIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is given back of an order: pieces of lines, or an amount; with neither, all that is left."""

    reason: Annotated[str, Meta(pattern=_REASON, max_length=200, description="For the books; customers do not see it.")]
    lines: Annotated[
        Annotated[list[ReturnIn], Meta(min_length=1, max_length=_LINES_MAX)] | None,
        Meta(description="Pieces that are given back, of the first lines first where several have the SKU."),
    ] = None
    amount: Annotated[
        Annotated[int, Meta(ge=1, le=_AMOUNT_MAX)] | None,
        Meta(description="Minor units, instead of lines."),
    ] = None
    restock: Annotated[bool, Meta(description="Whether the goods go back on sale, once the money has gone back.")] = (
        False
    )


class ReturnedOut(msgspec.Struct, frozen=True):
    """Pieces of one line that a refund gives back; the price in minor units."""

    sku: str
    quantity: int
    unit_price: int


class RefundOut(msgspec.Struct, frozen=True):
    """Money that goes back."""

    number: Annotated[str, Meta(description="What people call this refund by.", examples=["0E9W-9MHZ-4G9XQ"])]
    order: str
    payment: Annotated[str, Meta(description="The payment that it goes back on.")]
    kind: Annotated[
        str,
        Meta(description="SALE: what was bought, whole or in part; EXCESS: money that bought nothing."),
    ]
    state: Annotated[
        str,
        Meta(
            description="REQUESTED: on its way; SUCCEEDED: gone back; FAILED: refused by the provider, and money and"
            " pieces can be given back by another refund."
        ),
    ]
    amount: MoneyOut
    lines: Annotated[Sequence[ReturnedOut], Meta(description="None for a refund of an amount.")]
    restock: Annotated[bool, Meta(description="Whether the goods of the lines go back on sale.")]
    reason: Annotated[str, Meta(description="Empty for the customer, but for money that bought nothing.")]


class RefundsOut(msgspec.Struct, frozen=True):
    """Refunds of one order, the latest first."""

    refunds: Sequence[RefundOut]


_decoder = msgspec.json.Decoder(RefundIn)
_SCOPE = "orders:refund"


async def _refund(request: Request[Any, Any, Any]) -> Response[RefundOut]:
    try:
        headers = read_headers(request.scope)
        body = await read_body(request.receive, headers)
    except ClientGone:
        raise BadRequest("The request ended in the middle of its body.") from None
    key = idempotency_key(headers)
    told = decode(_decoder, body)
    require_program(request, scope=_SCOPE)
    order, actor = await open_order(request, request.path_params["number"], scope=_SCOPE)
    lines = [AskedReturn(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price) for line in told.lines or ()]
    asked = RefundOrder(
        order_id=order.id,
        lines=lines,
        amount=told.amount,
        reason=told.reason,
        restock=told.restock,
        caller=actor,
        key=key,
    )
    provider = await in_thread(refunded_by, order_id=order.id)
    made = await in_paying_thread(provider, refund_order, asked=asked, actor=actor, now=clock.now())
    whole = await in_thread(view_refund, made.refund)
    repeated = {"idempotency-replayed": "true"} if made.is_repeat else {}
    out = _out(whole, order_id=order.id, shows_reason=True)
    return Response(out, status_code=201, headers={"cache-control": "no-store", **repeated})


@post(
    "/orders/{number:str}/refunds",
    status_code=201,
    # Before Litestar parses anything: one reading of a request, and one wording of each refusal.
    before_request=_refund,
    summary="Give back an order, or a part of it",
    description="With an API token with the scope orders:refund; an order's own access_token may not. Never more than"
    " was paid, nor more pieces than were bought, however many ask at once. Sending it again with the same"
    " Idempotency-Key is harmless: it is one refund, as it stands then.",
    operation_id="refundOrder",
    response_description="The refund as it stands; one that is REQUESTED is followed until it has ended.",
    responses=problems(
        Malformed,
        KeyMissing,
        Unauthenticated,
        ScopeMissing,
        OrderNotFound,
        UnknownProvider,
        OrderNotPaid,
        RefundTooMuch,
        TooManyPieces,
        BodyTooLarge,
        WrongMediaType,
        InvalidField,
        UnknownLine,
        AmbiguousLine,
        RefundUnclear,
        RefundKeyReused,
    ),
    security=API_TOKEN,
    tags=["payments"],
)
async def refund(
    number: FromPath[str],
    data: JSONBody[RefundIn],
    idempotency_key: Annotated[
        str,
        HeaderParameter(
            name="Idempotency-Key",
            description="A random value of yours: a new one for each new refund, the same one to try again.",
            min_length=1,
            max_length=128,
            pattern="^[!-~]([ -~]*[!-~])?$",
        ),
    ],
) -> RefundOut:
    """This function will never run: it stands here for the API document, and _refund answers in its place."""
    raise NotImplementedError


@get(
    "/orders/{number:str}/refunds",
    summary="List the refunds of an order",
    description="With the order's own access_token, or an API token with the scope orders:read.",
    operation_id="listRefunds",
    response_description="The latest refunds as they stand, the latest first.",
    responses=problems(Unauthenticated, ScopeMissing, OrderNotFound),
    security=OPENED_BY,
    tags=["payments"],
)
async def list_refunds(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[RefundsOut]:
    """This function will return the refunds of one order to whoever may open it."""
    order, actor = await open_order(request, number, scope="orders:read")
    found = await in_thread(view_refunds, order_id=order.id)
    shows_reason = actor != "customer"
    out = RefundsOut([_out(whole, order_id=order.id, shows_reason=shows_reason) for whole in found])
    return Response(out, headers={"cache-control": "no-store"})


def _out(whole: OrderRefund, *, order_id: int, shows_reason: bool) -> RefundOut:
    made = whole.refund
    return RefundOut(
        made.number,
        ids.to_number(order_id),
        whole.payment,
        made.kind,
        made.state,
        MoneyOut(whole.amount.amount, whole.amount.currency),
        [ReturnedOut(part.sku, part.quantity, part.unit_price) for part in whole.pieces],
        whole.restock,
        made.reason if shows_reason or made.kind == "EXCESS" else "",
    )
