"""Paying over HTTP. From a balance it is a hot path: a bare ASGI handler in front of a gather; the rest is ordinary."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from evertill.entry.lane.answers import Answer, created, send_answer
from evertill.entry.lane.body import client_address, decode, idempotency_key, read_body, read_headers
from evertill.entry.lane.gather import Gather
from evertill.entry.lane.opening import opened_by
from evertill.entry.lane.orders import MoneyOut
from evertill.entry.lane.problems import render
from evertill.entry.lane.threads import in_paying_thread
from evertill.entry.lane.turn import Turn
from evertill.journeys.pay_from_balance import (
    Intent,
    Outcome,
    Paid,
    PayFromBalance,
    ask_to_pay,
    pay_from_balance,
)
from evertill.journeys.start_payment import StartPayment, provider_of, start_payment
from evertill.kernel import clock, config, ids
from evertill.kernel.errors import EvertillError

_NEEDS = "orders:pay"


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
    balance_token: Annotated[
        Annotated[str, Meta(max_length=128)] | None,
        Meta(description="For balance.instant: the token of the prepaid balance that pays."),
    ] = None


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
_encoder = msgspec.json.Encoder()


@cache
def paying() -> Gather[PayFromBalance, Outcome]:
    """This function will return this process's queue of orders to be paid from balances."""
    limits = config.get()
    return Gather(
        lambda asked: pay_from_balance(asked, now=clock.now()),
        name="pay",
        weigh=lambda _: 1,
        count_max=limits.batch_orders_max,
        weight_max=limits.batch_orders_max,
        queue_max=limits.queue_max,
        patience_s=limits.database_patience_ms / 1e3,
        turn=Turn(limits.data / "pay.turn") if limits.data.is_absolute() else None,
    )


async def answer_pay(scope: Any, receive: Any, *, number: str) -> Answer:
    """This function will begin one payment and return status, headers and body of the answer, errors included.

    Raises ClientGone when nobody is left to be answered.
    """
    try:
        headers = read_headers(scope)
        body = await read_body(receive, headers)
        key = idempotency_key(headers)
        pay_in = decode(_decoder, body)
        order_id, actor = await opened_by(scope, headers, number, needs=_NEEDS)
        intent, is_repeat = await _pay(pay_in, order_id=order_id, actor=actor, key=key, client_ip=client_address(scope))
    except EvertillError as error:
        return render(error)
    return created(_encoder.encode(payment_out(intent)), is_repeat=is_repeat)


async def pay(scope: Any, receive: Any, send: Any) -> None:
    """This function will answer `POST /api/v1/orders/{number}/payments` as a bare ASGI application."""
    await send_answer(answer_pay(scope, receive, number=scope["path"].split("/")[-2]), send)


async def _pay(pay_in: PayIn, *, order_id: int, actor: str, key: bytes, client_ip: str) -> tuple[Intent, bool]:
    ask = ask_to_pay(order_id=order_id, method=pay_in.method, balance_token=pay_in.balance_token, actor=actor, key=key)
    if ask is not None:
        paid = await paying().submit(ask)
        assert isinstance(paid, Paid)  # noqa: S101 - a refusal was raised by the gather
        return paid.intent, paid.is_repeat
    provider = provider_of(pay_in.method)
    asked = StartPayment(order_id=order_id, method=pay_in.method, caller=actor, key=key, client_ip=client_ip)
    started = await in_paying_thread(provider, start_payment, asked=asked, actor=actor, now=clock.now())
    return started.intent, started.is_repeat


def payment_out(intent: Intent) -> PaymentOut:
    """This function will return a payment as the API shows it."""
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
