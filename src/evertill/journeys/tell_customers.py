"""Tell customers what became of their orders: written in the transaction that did it, sent afterwards.

Written under a key of what it tells of, so that nothing is told twice. The caller holds a transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from evertill.domains import messages, orders, payments
from evertill.kernel import config, db, ids
from evertill.kernel.money import Money

# Names that never lead anywhere (RFC 6761): whoever orders for one of them, as a replay of old invoices does, wants
# nobody to be told.
_NOBODY = ".invalid"

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


class PaidOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is paid now; `customer` is what of it says how he is reached."""

    order_id: int
    customer: orders.Order | orders.Due
    total: Money


def tell_paid(*, paid: Sequence[PaidOrder], now: dt.datetime) -> None:
    """This function will tell customers that their orders are paid, however many in one statement."""
    if paid:
        ask_to_tell_paid(paid=paid, now=now).get()


def ask_to_tell_paid(*, paid: Sequence[PaidOrder], now: dt.datetime) -> db.Later[None]:
    """This function will ask for what tell_paid does, so that it can travel with what makes it true."""
    new = [
        _message("paid", number, messages.Kind.ORDER_PAID, one.order_id, one.customer, _facts(number, one.total))
        for one, number in zip(paid, ids.to_numbers([one.order_id for one in paid]), strict=True)
        if _is_reached(one.customer)
    ]
    return messages.ask_to_write(new=new, now=now)


def tell_placed(*, order: orders.Order, keep_h: int, has_failed: bool = True, now: dt.datetime) -> None:
    """This function will tell a customer that the shop placed his order for him, and how long it keeps the goods.

    Because it had failed when he tried himself; otherwise because he agreed to it with somebody.
    """
    if order.state is not orders.State.PLACED or not _is_reached(order):
        return
    number = ids.to_number(order.id)
    facts = {**_facts(number, Money(amount=order.total, currency=order.currency)), "hours": str(keep_h)}
    kind = messages.Kind.ORDER_PLACED if has_failed else messages.Kind.ORDER_MADE
    messages.write(new=[_message("placed", number, kind, order.id, order, facts)], now=now)


def tell_asked(*, order: orders.Order, asked: int, now: dt.datetime) -> None:
    """This function will tell a customer that the shop asks about his order, for the `asked`th time.

    Not what it asks: the question stands on the order's page, which takes more than this message to open.
    """
    if not _is_reached(order):
        return
    number = ids.to_number(order.id)
    facts = _facts(number, Money(amount=order.total, currency=order.currency))
    message = _message("asked", number, messages.Kind.QUESTION_ASKED, order.id, order, facts)
    messages.write(new=[msgspec.structs.replace(message, key=f"{message.key}:{asked}")], now=now)


def tell_codes(*, delivered: Sequence[orders.Order], now: dt.datetime) -> None:
    """This function will tell customers that their codes are ready, without a code in it; however many, at once."""
    new = [
        _message(
            "codes",
            number,
            messages.Kind.CODES_READY,
            order.id,
            order,
            _facts(number, Money(amount=order.total, currency=order.currency)),
        )
        for order, number in zip(delivered, ids.to_numbers([order.id for order in delivered]), strict=True)
        if _is_reached(order)
    ]
    if new:
        messages.write(new=new, now=now)


def tell_refunded(
    *, order: orders.Order, refund: payments.Refund, amount: Money, is_whole: bool, now: dt.datetime
) -> None:
    """This function will tell a customer that money went back, and why; `is_whole`: nothing of the sale is left."""
    if not _is_reached(order):
        return
    facts = {**_facts(ids.to_number(order.id), amount), "cause": _cause(refund, is_whole=is_whole).value}
    messages.write(new=[_message("refunded", refund.number, messages.Kind.REFUNDED, order.id, order, facts)], now=now)


def _is_reached(customer: orders.Order | orders.Due) -> bool:
    return bool(customer.email or customer.phone) and not customer.email.endswith(_NOBODY)


def _message(
    what: str,
    number: str,
    kind: messages.Kind,
    order_id: int,
    customer: orders.Order | orders.Due,
    facts: dict[str, str],
) -> messages.NewMessage:
    # An SMS costs money, so it is for those who have left nothing else.
    return messages.NewMessage(
        key=f"{what}:{number}",
        kind=kind,
        order_id=order_id,
        channel=messages.Channel.EMAIL if customer.email else messages.Channel.SMS,
        to=customer.email or customer.phone,
        language=customer.language or config.get().languages[0],
        facts=facts,
    )


def _cause(refund: payments.Refund, *, is_whole: bool) -> messages.Cause:
    if refund.kind is payments.RefundKind.EXCESS:
        return _CAUSES.get(refund.reason, messages.Cause.PART)
    if refund.reason.startswith(UNDELIVERABLE):
        return messages.Cause.UNDELIVERABLE
    return messages.Cause.WHOLE if is_whole else messages.Cause.PART


def _facts(order: str, amount: Money) -> dict[str, str]:
    return {"order": order, "amount": str(amount.amount), "currency": amount.currency}
