"""Watch orders: what happened to them after what somebody has heard already, and whether more is to come."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from evertill.domains import orders, payments
from evertill.domains.orders import CHANNEL, Event
from evertill.journeys.view_order import OrderNotFound

__all__ = ["CHANNEL", "EVENTS_MAX", "Event", "OrderNotFound", "Story", "position_of", "watch_order", "watch_orders"]

# What is told of one order at a time; whoever gets so many asks at once for those after them.
EVENTS_MAX = 100


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an order after a position, the first first.

    `is_settled` says that there was nothing new and nothing is under way: no goods are kept for somebody who has not
    paid, and no money is on its way to the shop or back. More may happen in a settled order's life, but not by itself.
    """

    events: tuple[Event, ...]
    is_settled: bool


def watch_order(*, order_id: int, after: int) -> Story:
    """This function will tell one order's story after a position, -1 for all of it; raises OrderNotFound.

    A position that the order has not reached is one from before a backup was restored: then all of it is told.
    """
    stories = watch_orders(after={order_id: after})
    if order_id not in stories:
        raise OrderNotFound("There is no order with this number.")
    story = stories[order_id]
    if story.events or after < 0 or _has(order_id, position=after):
        return story
    return watch_orders(after={order_id: -1})[order_id]


def watch_orders(*, after: Mapping[int, int]) -> dict[int, Story]:
    """This function will tell orders' stories after a position of each; one that does not exist is missing."""
    # Asked before the events are read: whatever changes it in between is an event, and then there is something new.
    under_way = payments.find_under_way(order_ids=list(after))
    told = orders.read_events(after=after, limit=EVENTS_MAX)
    return {
        order_id: Story(
            events=story.events,
            is_settled=not story.events and order_id not in under_way and story.state is not orders.State.PLACED,
        )
        for order_id, story in told.items()
    }


def _has(order_id: int, *, position: int) -> bool:
    return bool(orders.read_events(after={order_id: position - 1}, limit=1)[order_id].events)


def position_of(*, order_id: int) -> int:
    """This function will return the position of the last that happened to an order; raises OrderNotFound."""
    events = watch_order(order_id=order_id, after=-1).events
    return events[-1].position if events else -1
