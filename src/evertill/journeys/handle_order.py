"""Handle an order as staff: note something, keep its goods here or let them go, cancel it, tell its customer again."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from evertill.domains import orders, trail
from evertill.domains.access import Holder, Permission
from evertill.domains.trail import Subject
from evertill.journeys.bulk_item import BulkOperation, Forecast, Target, Task
from evertill.journeys.cancel_order import AlreadyCancelled, CannotCancel, cancel_order
from evertill.journeys.messages_of_orders import keys_of, refunds_of
from evertill.journeys.permitted import Asker, order_thing, permitted
from evertill.journeys.send_messages import retry_message
from evertill.journeys.view_order import OrderNotFound
from evertill.kernel import ids
from evertill.kernel.errors import EvertillError

__all__ = [
    "CANCEL_MANY",
    "AlreadyCancelled",
    "CannotCancel",
    "MessageNotFound",
    "NotHeld",
    "NoteEmpty",
    "OrderNotFound",
    "cancel_as_staff",
    "hold_order",
    "note_order",
    "release_order",
    "resend_message",
]

_BY_HAND = "staff"
NOTE_CHARS_MAX = 2000


class NoteEmpty(EvertillError):
    """A note says nothing, or too much."""

    code = "NOTE_EMPTY"
    remedy = f"Write something, up to {NOTE_CHARS_MAX} signs."


class NotHeld(EvertillError):
    """Nobody of the staff keeps this order's goods here."""

    code = "NOT_HELD"
    status = "conflict"
    remedy = "Look at what holds it: a dispute ends by itself, a review by deciding it."


class MessageNotFound(EvertillError):
    """This is no message that tells of the order."""

    code = "MESSAGE_NOT_FOUND"
    status = "not_found"
    remedy = "Look at the order's messages again."


def note_order(*, asker: Asker, order_id: int, text: str, now: dt.datetime) -> None:
    """This function will keep what somebody of the staff says about an order; nobody changes it afterwards.

    Raises NoteEmpty, OrderNotFound and Forbidden.
    """
    said = text.strip()
    if not said or len(said) > NOTE_CHARS_MAX:
        raise NoteEmpty(f"A note has 1 to {NOTE_CHARS_MAX} signs.")
    subject = _subject(order_id)
    with permitted(asker=asker, permission=Permission.ORDERS_READ, subject=subject, now=now):
        (note_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
        if not orders.add_note(note_id=note_id, order_id=order_id, text=said, by=asker.name, now=now):
            raise OrderNotFound("There is no order with this number.")
        _record(asker, "orders.note", order_id, after={"note": ids.to_number(note_id)}, now=now)


def hold_order(*, asker: Asker, order_id: int, why: str, now: dt.datetime) -> None:
    """This function will keep an order's goods here until somebody lets them go; raises OrderNotFound and Forbidden."""
    with _handling(asker, Permission.ORDERS_FULFIL, order_id, now=now):
        if orders.lock_order(order_id=order_id) is None:
            raise OrderNotFound("There is no order with this number.")
        orders.hold(order_ids=[order_id], reason=orders.HoldReason.STAFF, subject=_BY_HAND, actor=asker.name, now=now)
        _record(asker, "orders.hold", order_id, why=why, now=now)


def release_order(*, asker: Asker, order_id: int, why: str, now: dt.datetime) -> None:
    """This function will let go what staff keep here; what else holds it stays. Raises NotHeld and Forbidden."""
    with _handling(asker, Permission.ORDERS_FULFIL, order_id, now=now):
        if not orders.release_holds(order_ids=[order_id], subject=_BY_HAND, actor=asker.name, now=now):
            raise NotHeld("Nobody of the staff holds this order.")
        _record(asker, "orders.release", order_id, why=why, now=now)


def cancel_as_staff(*, asker: Asker, order_id: int, why: str, now: dt.datetime) -> orders.Order:
    """This function will cancel an order that nobody has paid; raises what cancel_order raises, and Forbidden."""
    with _handling(asker, Permission.ORDERS_CANCEL, order_id, now=now):
        order = cancel_order(order_id=order_id, actor=asker.name, now=now)
        _record(asker, "orders.cancel", order_id, after={"state": order.state.value}, why=why, now=now)
    return order


def resend_message(*, asker: Asker, order_id: int, key: str, now: dt.datetime) -> None:
    """This function will have a message about an order sent after all; raises MessageNotFound and Forbidden."""
    by_order, refunds = refunds_of([order_id])
    known = keys_of([order_id], [one for intent in by_order.get(order_id, ()) for one in refunds.get(intent.id, ())])
    if key not in known:
        raise MessageNotFound("This is no message about the order.")
    retry_message(key=key, asker=asker, now=now)


def _handling(
    asker: Asker, permission: Permission, order_id: int, *, now: dt.datetime
) -> AbstractContextManager[Holder]:
    """One transaction in which somebody handles an order that is not his own."""
    return permitted(
        asker=asker, permission=permission, subject=_subject(order_id), thing=order_thing(order_id), now=now
    )


def _subject(order_id: int) -> Subject:
    return Subject(kind="order", id=ids.to_number(order_id))


def _record(
    asker: Asker,
    operation: str,
    order_id: int,
    *,
    after: dict[str, str] | None = None,
    why: str = "",
    now: dt.datetime,
) -> None:
    trail.write(actor=asker.actor, operation=operation, subject=_subject(order_id), after=after, why=why[:500], now=now)


def _preview_cancel(
    *,
    asker: Asker,  # noqa: ARG001 — what every preview is told.
    targets: Sequence[Target],
    options: Mapping[str, Any],  # noqa: ARG001 — as above.
    now: dt.datetime,  # noqa: ARG001 — as above.
) -> list[Forecast]:
    found = orders.read_orders(order_ids=[ids.from_number(target.subject) for target in targets])
    return [_forecast(found.get(ids.from_number(target.subject))) for target in targets]


def _forecast(order: orders.Order | None) -> Forecast:
    if order is None:
        return Forecast(refused_code=OrderNotFound.code, refused="There is no order with this number.")
    if order.state is not orders.State.PLACED:
        return Forecast(
            before=order.state.value, refused_code=CannotCancel.code, refused=f"This order is {order.state.value}."
        )
    return Forecast(before=order.state.value, after=orders.State.CANCELLED.value)


def _cancel_one(task: Task) -> str:
    order_id = ids.from_number(task.subject)
    return cancel_as_staff(asker=task.asker, order_id=order_id, why=task.why, now=task.now).state.value


CANCEL_MANY = BulkOperation(
    name="orders.cancel-many",
    says="Cancel orders that nobody has paid",
    kind="order",
    permission=Permission.ORDERS_CANCEL,
    preview=_preview_cancel,
    apply=_cancel_one,
)
