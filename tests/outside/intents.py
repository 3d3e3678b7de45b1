"""Payments and refunds as providers are handed them, without a database behind."""

from __future__ import annotations

import datetime as dt
import secrets

from evertill.domains.payments import Intent, Refund, RefundKind, RefundState, State
from evertill.kernel import clock, ids
from evertill.kernel.money import Money

RETURN = "https://shop.example/pay/return?payment=1"


def make_intent(
    *,
    way: str = "qr",
    amount: int = 250,
    currency: str = "CNY",
    state: State = State.CREATED,
    captured: int | None = None,
    ago_s: int = 0,
) -> Intent:
    now = clock.now()
    intent_id, order_id = ids.new_ids(2, now=now, randbits=secrets.randbits)
    return Intent(
        id=intent_id,
        number=ids.to_number(intent_id),
        order_id=order_id,
        provider="any",
        way=way,
        state=state,
        expected=Money(amount=amount, currency=currency),
        captured=None if captured is None else Money(amount=captured, currency=currency),
        refunded=0,
        disputed=0,
        ending=None,
        provider_id="",
        reason="",
        next=None,
        created_at=now - dt.timedelta(seconds=ago_s),
        body_digest=b"",
    )


def make_refund(intent: Intent, amount: int) -> Refund:
    (refund_id,) = ids.new_ids(1, now=clock.now(), randbits=secrets.randbits)
    return Refund(
        id=refund_id,
        number=ids.to_number(refund_id),
        intent_id=intent.id,
        kind=RefundKind.SALE,
        state=RefundState.REQUESTED,
        amount=amount,
        reason="for the books",
        actor="test",
    )


def plain(number: str) -> str:
    return number.replace("-", "")
