"""Payments over HTTP: beginning one, and looking at it, which asks the provider as long as it is not final."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, HeaderParameter, JSONBody
from msgspec import Meta

from evertill.entry.lane.body import ClientGone, decode, idempotency_key, read_body, read_headers
from evertill.entry.lane.document import problems
from evertill.entry.lane.orders import MoneyOut
from evertill.entry.lane.orders_api import OPENED_BY, ScopeMissing, open_order
from evertill.entry.lane.problems import (
    BadRequest,
    BodyTooLarge,
    InvalidField,
    KeyMissing,
    Malformed,
    WrongMediaType,
)
from evertill.entry.lane.threads import in_paying_thread
from evertill.journeys.authenticate_caller import Unauthenticated
from evertill.journeys.start_payment import (
    OrderNotPayable,
    PaymentKeyReused,
    ProviderUnavailable,
    StartPayment,
    UnknownMethod,
    start_payment,
)
from evertill.journeys.view_order import OrderNotFound
from evertill.journeys.view_payment import Intent, PaymentNotFound, view_payment
from evertill.kernel import clock, ids


class PayIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an order is to be paid."""

    method: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            description="Provider and way. UNKNOWN_METHOD tells which there are.",
            examples=["sandbox.page"],
        ),
    ]


class NextOut(msgspec.Struct, frozen=True):
    """What the customer does next."""

    kind: Annotated[
        str,
        Meta(
            description="redirect: go to `value`; qr: scan `value` as a QR code; instructions: read `value` and do what"
            " it says."
        ),
    ]
    value: str


class PaymentOut(msgspec.Struct, frozen=True):
    """One attempt to pay an order."""

    number: Annotated[str, Meta(description="What people call this payment by.", examples=["0E9W-9MHZ-4G9XQ"])]
    order: str
    method: str
    state: Annotated[str, Meta(description="CREATED, PENDING, AUTHORIZED, CAPTURED, FAILED or CANCELLED.")]
    expected: MoneyOut
    captured: MoneyOut | None
    refunded: Annotated[int, Meta(description="Minor units of `captured` that go back, or have gone.")]
    ending: Annotated[
        str | None,
        Meta(
            description="What captured money meant: MATCHED, OVERPAID and LATE bought the order; UNDERPAID,"
            " WRONG_CURRENCY, PAID_TWICE and UNDELIVERABLE go back whole."
        ),
    ]
    reason: Annotated[str, Meta(description="Why it failed, in the provider's words.")]
    next: NextOut | None
    created_at: dt.datetime


_decoder = msgspec.json.Decoder(PayIn)


async def _pay(request: Request[Any, Any, Any]) -> Response[PaymentOut]:
    try:
        headers = read_headers(request.scope)
        body = await read_body(request.receive, headers)
    except ClientGone:
        raise BadRequest("The request ended in the middle of its body.") from None
    key = idempotency_key(headers)
    pay_in = decode(_decoder, body)
    order, actor = await open_order(request, request.path_params["number"], scope="orders:pay")
    client_ip = request.client.host if request.client else ""
    asked = StartPayment(order_id=order.id, method=pay_in.method, caller=actor, key=key, client_ip=client_ip)
    started = await in_paying_thread(start_payment, asked=asked, actor=actor, now=clock.now())
    repeated = {"idempotency-replayed": "true"} if started.is_repeat else {}
    return Response(_out(started.intent), status_code=201, headers={"cache-control": "no-store", **repeated})


@post(
    "/orders/{number:str}/payments",
    status_code=201,
    # Before Litestar parses anything: one reading of a request, and one wording of each refusal.
    before_request=_pay,
    summary="Begin to pay an order",
    description="With the order's own access_token, or an API token with the scope orders:pay. Sending it again with"
    " the same Idempotency-Key is harmless: it is one payment, as it stands then.",
    operation_id="startPayment",
    response_description="The payment is begun, and `next` is what the customer does; or it was, by an earlier one.",
    responses=problems(
        Malformed,
        KeyMissing,
        Unauthenticated,
        ScopeMissing,
        OrderNotFound,
        OrderNotPayable,
        BodyTooLarge,
        WrongMediaType,
        InvalidField,
        UnknownMethod,
        PaymentKeyReused,
        ProviderUnavailable,
    ),
    security=OPENED_BY,
    tags=["payments"],
)
async def pay_order(
    number: FromPath[str],
    data: JSONBody[PayIn],
    idempotency_key: Annotated[
        str,
        HeaderParameter(
            name="Idempotency-Key",
            description="A random value of yours: a new one for each new payment, the same one to try again.",
            min_length=1,
            max_length=128,
            pattern="^[!-~]([ -~]*[!-~])?$",
        ),
    ],
) -> PaymentOut:
    """This function will never run: it stands here for the API document, and _pay answers in its place."""
    raise NotImplementedError


@get(
    "/orders/{number:str}/payments/{payment:str}",
    summary="Look at a payment",
    description="As long as it is not final, this asks the provider first. With the order's own access_token, or an"
    " API token with the scope orders:read.",
    operation_id="readPayment",
    response_description="The payment as it stands now.",
    responses=problems(Unauthenticated, ScopeMissing, OrderNotFound, PaymentNotFound),
    security=OPENED_BY,
    tags=["payments"],
)
async def read_payment(
    request: Request[Any, Any, Any], number: FromPath[str], payment: FromPath[str]
) -> Response[PaymentOut]:
    """This function will return one payment to whoever may open its order."""
    order, _ = await open_order(request, number, scope="orders:read")
    try:
        intent_id = ids.from_number(payment)
    except ids.InvalidNumber as error:
        raise PaymentNotFound(f"There is no such payment. {error}") from None
    intent = await in_paying_thread(view_payment, order_id=order.id, intent_id=intent_id, now=clock.now())
    return Response(_out(intent), headers={"cache-control": "no-store"})


def _out(intent: Intent) -> PaymentOut:
    return PaymentOut(
        intent.number,
        ids.to_number(intent.order_id),
        f"{intent.provider}.{intent.way}",
        intent.state,
        MoneyOut(intent.expected.amount, intent.expected.currency),
        MoneyOut(intent.captured.amount, intent.captured.currency) if intent.captured else None,
        intent.refunded,
        intent.ending,
        intent.reason,
        NextOut(intent.next.kind, intent.next.value) if intent.next else None,
        intent.created_at,
    )
