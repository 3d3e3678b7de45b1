"""What a page tells its script (live.js), so that it stays current: which stream to hear, and when to look itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import HttpRequest

from evertill.entry.pages import places
from evertill.journeys.watch_order import position_of
from evertill.kernel import ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """`page` is the page's own address, `events` the stream's, "" without one, and `position` what it knows of that.

    `look` is the page's address for the next look, after `look_s` seconds; 0 where looking helps nobody.
    """

    page: str = ""
    events: str = ""
    position: int = -1
    look: str = ""
    look_s: int = 0


def at(heard: Live, page: str) -> Live:
    """This function will say where a page is, once that is known."""
    return replace(heard, page=page)


def looking(heard: Live, *, at: str, after_s: int) -> Live:
    """This function will have a page look by itself too, at an address of its own after some seconds."""
    return replace(heard, look=at, look_s=after_s)


def hear(request: HttpRequest, *, order_id: int, token: str, page: str = "") -> Live:
    """This function will have a page hear of an order; to be called before anything else of the order is read.

    What happens while the page is made is then news to it, and not missed.
    """
    number = ids.to_number(order_id)
    return Live(
        page=page,
        events=f"{places.root(request)}api/v1/orders/{number}/events?{urlencode({'access_token': token})}",
        position=position_of(order_id=order_id),
    )
