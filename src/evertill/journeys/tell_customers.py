"""Tell customers what became of their orders: written in the transaction that did it, sent afterwards.

Written under a key of what it tells of, so that nothing is told twice. The caller holds a transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from evertill.domains import messages, orders, payments
from evertill.kernel import config, ids
from evertill.kernel.money import Money

# How a refund of a sale says in its reason, for the books, that the goods cannot be delivered.
UNDELIVERABLE = "UNDELIVERABLE"

_CAUSES = {
    # The goods were gone when the money came.
    payments.Ending.UNDELIVERABLE.value: messages.Cause.LATE,
    payments.Ending.OVERPAID.value: messages.Cause.OVERPAID,
    payments.Ending.LATE.value: messages.Cause.OVERPAID,
    payments.Ending.UNDERPAID.value: messages.Cause.UNDERPAID,
    payments.Ending.PAID_TWICE.value: messages.Cause.PAID_TWICE,
    payments.Ending.WRONG_CURRENCY.value: messages.Cause.WRONG_CURRENCY,
}


def tell_paid(*, paid: Sequence[orders.Order], now: dt.datetime) -> None:
    """This function will tell customers that their orders are paid, however many in one statement."""
    messages.write(
        new=[
            _message(
                f"paid:{ids.to_number(order.id)}",
                messages.Kind.ORDER_PAID,
                order,
                {"amount": str(order.total), "currency": order.currency},
            )
            for order in paid
        ],
        now=now,
    )


def tell_refunded(
    *, order: orders.Order, refund: payments.Refund, amount: Money, is_whole: bool, now: dt.datetime
) -> None:
    """This function will tell a customer that money went back, and why; `is_whole`: nothing of the sale is left."""
    facts = {
        "amount": str(amount.amount),
        "currency": amount.currency,
        "cause": _cause(refund, is_whole=is_whole).value,
    }
    messages.write(new=[_message(f"refunded:{refund.number}", messages.Kind.REFUNDED, order, facts)], now=now)


def _cause(refund: payments.Refund, *, is_whole: bool) -> messages.Cause:
    if refund.kind is payments.RefundKind.EXCESS:
        return _CAUSES.get(refund.reason, messages.Cause.PART)
    if refund.reason.startswith(UNDELIVERABLE):
        return messages.Cause.UNDELIVERABLE
    return messages.Cause.WHOLE if is_whole else messages.Cause.PART


def _message(key: str, kind: messages.Kind, order: orders.Order, facts: dict[str, str]) -> messages.NewMessage:
    return messages.NewMessage(
        key=key,
        kind=kind,
        order_id=order.id,
        to=order.email,
        # An order does not know its customer's language yet.
        language=config.get().languages[0],
        facts={"order": ids.to_number(order.id), **facts},
    )
