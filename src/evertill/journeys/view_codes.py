"""View codes: whoever holds an order sees the codes that it was given, and every look is on record.

An account's owner proves anew that it is he; a guest has the order's token. Nobody who works for the shop sees them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from evertill.domains import fulfilment, identity, orders, trail
from evertill.domains.identity import Operation, Session
from evertill.domains.trail import Actor, ActorKind, Subject
from evertill.journeys.record_act import actor_of
from evertill.journeys.see_own import own_rows
from evertill.kernel import db, ids
from evertill.kernel.errors import EvertillError

__all__ = ["CodesHeld", "Delivered", "Shown", "count_codes", "view_codes"]


class CodesHeld(EvertillError):
    """The codes of this order are not shown now: something about its payment is not clear, or it was given back."""

    code = "CODES_HELD"
    status = "conflict"
    kept = "The codes are kept."
    remedy = "Ask the shop about this order."


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How many codes an order was given, and for how many pieces it still waits."""

    given: int
    owed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A code, with what it is of."""

    title: str
    sku: str
    code: str
    given_at: dt.datetime


def count_codes(*, order_id: int) -> Delivered:
    """This function will say how many codes an order was given; the caller has opened the order."""
    with own_rows():
        given, owed = fulfilment.count_given(order_id=order_id)
    return Delivered(given=given, owed=owed)


def view_codes(*, order_id: int, session: Session | None, place: str = "", now: dt.datetime) -> list[Shown]:
    """This function will return the codes of an order, and record that they were looked at.

    The caller has opened the order: by its token without a `session`, or as its owner, who needs a proof that was given
    for this. Raises StepUpRequired and CodesHeld.
    """
    number = ids.to_number(order_id)
    with db.write():
        if session is not None:
            identity.stepup.spend(
                session_id=session.id, operation=Operation.VIEW_CODES, subject=f"order:{number}", now=now
            )
        orders.lock_order(order_id=order_id)
        if orders.find_holds(order_ids=[order_id]):
            raise CodesHeld("This order is held.")
        order = orders.read_orders(order_ids=[order_id])[order_id]
        codes = fulfilment.read_given(order_id=order_id)
        shown = [
            Shown(
                title=order.lines[code.position].title,
                sku=code.sku,
                code=fulfilment.open_code(code, key=identity.keys.by_id(key_id=code.key_id)),
                given_at=code.given_at,
            )
            for code in codes
        ]
        actor = actor_of(session) if session else Actor(kind=ActorKind.GUEST, id=number, place=place)
        trail.write(
            actor=actor,
            operation="codes.view",
            subject=Subject(kind="order", id=number),
            after={"codes": len(shown)},
            now=now,
        )
    return shown
