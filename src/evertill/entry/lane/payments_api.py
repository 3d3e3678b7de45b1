"""Payments over HTTP, the ordinary way: looking at one, and the documented form of beginning one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, HeaderParameter, JSONBody
from msgspec import Meta

from evertill.entry.lane.body import ClientGone
from evertill.entry.lane.document import problems
from evertill.entry.lane.opening import ScopeMissing
from evertill.entry.lane.orders_api import OPENED_BY, open_order
from evertill.entry.lane.payments import PayIn, PaymentOut, answer_pay, payment_out
from evertill.entry.lane.problems import (
    BadRequest,
    BodyTooLarge,
    InvalidField,
    KeyMissing,
    Malformed,
    WrongMediaType,
)
from evertill.entry.lane.threads import in_paying_thread, in_thread
from evertill.journeys.authenticate_caller import Unauthenticated
from evertill.journeys.list_methods import list_methods
from evertill.journeys.pay_from_balance import BalanceBlocked, BalanceTooLow, BalanceUnknown, BalanceWrongCurrency
from evertill.journeys.start_payment import (
    OrderNotPayable,
    OwnerNeeded,
    PaymentKeyReused,
    ProviderUnavailable,
    UnknownMethod,
)
from evertill.journeys.view_order import OrderNotFound
from evertill.journeys.view_payment import PaymentNotFound, is_worth_asking, look_again, view_payment
from evertill.kernel import clock, ids


class MethodOut(msgspec.Struct, frozen=True):
    """A method of paying."""

    method: Annotated[str, Meta(description="What a payment is begun with.", examples=["sandbox.page"])]
    provider: str
    way: Annotated[str, Meta(examples=["page"])]
    available: Annotated[bool, Meta(description="False while its provider does not answer; orders are taken as ever.")]


class MethodsOut(msgspec.Struct, frozen=True):
    """All methods of paying that this shop has."""

    methods: Sequence[MethodOut]


async def _pay_bare(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer as the hot path does; reached by spellings of the address that only Litestar knows to be the same."""
    number = request.path_params["number"]
    try:
        status, headers, body = await answer_pay(request.scope, request.receive, number=number)
    except ClientGone:
        raise BadRequest("The request ended in the middle of its body.") from None
    named = {name.decode(): value.decode() for name, value in headers}
    return Response(body, status_code=status, headers=named, media_type=named["content-type"])


@post(
    "/orders/{number:str}/payments",
    status_code=201,
    # Before Litestar parses anything: one reading of a request, and one wording of each refusal.
    before_request=_pay_bare,
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
        OwnerNeeded,
        BodyTooLarge,
        WrongMediaType,
        InvalidField,
        UnknownMethod,
        PaymentKeyReused,
        ProviderUnavailable,
        BalanceUnknown,
        BalanceTooLow,
        BalanceBlocked,
        BalanceWrongCurrency,
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
    """This function will never run: it stands here for the API document, and _pay_bare answers in its place."""
    raise NotImplementedError


@get(
    "/orders/{number:str}/payments/{payment:str}",
    summary="Look at a payment",
    description="As long as it is not final, this asks the provider, but not again within moments. With the order's own"
    " access_token, or an API token with the scope orders:read.",
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
    order, actor = await open_order(request, number, scope="orders:read")
    try:
        intent_id = ids.from_number(payment)
    except ids.InvalidNumber as error:
        raise PaymentNotFound(f"There is no such payment. {error}") from None
    intent = await in_thread(view_payment, order_id=order.id, intent_id=intent_id)
    if is_worth_asking(intent):
        intent = await in_paying_thread(intent.provider, look_again, intent=intent, actor=actor, now=clock.now())
    return Response(payment_out(intent), headers={"cache-control": "no-store"})


@get(
    "/payment-methods",
    summary="List the methods of paying",
    operation_id="listPaymentMethods",
    response_description="Every method, and whether it can be used now.",
    responses=problems(),
    tags=["payments"],
    # It looks into memory only.
    sync_to_thread=False,
)
def read_methods() -> Response[MethodsOut]:
    """This function will return every method of paying."""
    methods = [MethodOut(one.name, one.provider, one.way, one.is_available) for one in list_methods()]
    return Response(MethodsOut(methods), headers={"cache-control": "no-store"})
