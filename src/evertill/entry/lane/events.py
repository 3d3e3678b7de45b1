"""An order's events as they happen: server-sent events, over a bare ASGI handler, because a stream should cost little.

https://html.spec.whatwg.org/multipage/server-sent-events.html describes them and what browsers do with them.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
from time import monotonic
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from evertill.entry.lane.body import read_headers
from evertill.entry.lane.opening import opened_by
from evertill.entry.lane.problems import render
from evertill.entry.lane.streams import Stream, streams
from evertill.entry.lane.threads import in_thread
from evertill.journeys.watch_order import Event, watch_order
from evertill.kernel import config
from evertill.kernel.errors import EvertillError

MEDIA_TYPE = "text/event-stream"
_HEADERS = [
    (b"content-type", MEDIA_TYPE.encode()),
    (b"cache-control", b"no-store"),
    # nginx would collect what is sent until it is worth sending on.
    (b"x-accel-buffering", b"no"),
]
# Without a body.
_NO_CONTENT = {"type": "http.response.start", "status": 204, "headers": [(b"cache-control", b"no-store")]}
# After how many milliseconds a reader comes back whose stream has ended; apart, so that they do not all come at once.
_RETRY_MS, _RETRY_SPREAD_MS = 1500, 3000
_BEAT = b":\n\n"
_END = b"event: end\ndata: {}\n\n"
# Positions are 32 bits wide.
_POSITION_DIGITS_MAX = 9


class EventOut(msgspec.Struct, frozen=True):
    """What happened to an order."""

    state: Annotated[str, Meta(description="The order's state from then on.", examples=["PAID"])]
    what: Annotated[
        str,
        Meta(
            description="order.placed, order.paid, order.refunded, order.cancelled, order.expired; payment.pending,"
            " payment.authorized, payment.captured (money that goes back), payment.failed, payment.cancelled;"
            " refund.requested, refund.succeeded, refund.failed; codes.delivered. More will follow.",
            examples=["order.paid"],
        ),
    ]
    at: dt.datetime


class StreamedOut(msgspec.Struct, frozen=True):
    """One event as it stands in the stream, field by field."""

    event: Annotated[str, Meta(description="state, or end; more will follow.", examples=["state"])]
    data: Annotated[
        str,
        Meta(
            description="Of a state: an EventOut in JSON. Of the end: an empty object.",
            examples=['{"state":"PAID","what":"order.paid","at":"2026-11-22T12:00:00Z"}'],
        ),
    ]
    id: Annotated[str, Meta(description="Of a state: its position in the order's history, from 0 on.")] | UnsetType = (
        UNSET
    )


_encoder = msgspec.json.Encoder()


async def stream_events(scope: Any, receive: Any, send: Any) -> None:
    """This function will answer `GET /api/v1/orders/{number}/events` as a bare ASGI application."""
    try:
        await _open(scope, receive, send)
    except EvertillError as error:
        status, headers, content = render(error)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


async def _open(scope: Any, receive: Any, send: Any) -> None:
    headers = read_headers(scope)
    order_id, _ = await opened_by(scope, headers, scope["path"].rstrip("/").split("/")[-2], needs="orders:read")
    after = _position(headers.get(b"last-event-id", b""))
    with streams().place(order_id) as stream:
        story = await in_thread(watch_order, order_id=order_id, after=after)
        if story.is_settled:
            # What tells a browser not to come back: there is nothing that this reader has not heard.
            await send(_NO_CONTENT)
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        stream.waiting = list(story.events)
        streams().begin(stream, after=story.events[-1].position if story.events else after)
        async with asyncio.TaskGroup() as both:
            telling = both.create_task(_tell(stream, send))
            await _until_gone(receive)
            telling.cancel()


def _position(said: bytes) -> int:
    """Return the position that a reader has heard of last; -1 for none, and for what no stream of ours has told."""
    return int(said) if said.isdigit() and len(said) <= _POSITION_DIGITS_MAX else -1


async def _until_gone(receive: Any) -> None:
    # Also once the answer is complete; a body that comes with a GET is of no interest.
    while (await receive())["type"] != "http.disconnect":
        pass


async def _tell(stream: Stream, send: Any) -> None:
    limits = config.get()
    ends_at = monotonic() + limits.stream_life_s
    part = b"retry: %d\n\n" % (_RETRY_MS + secrets.randbelow(_RETRY_SPREAD_MS))
    is_last = False
    while not is_last:
        news, stream.waiting = stream.waiting, []
        part += b"".join(map(_as_event, news))
        left = ends_at - monotonic()
        is_last = stream.is_settled or stream.is_over or left <= 0
        if stream.is_settled:
            part += _END
        await send({"type": "http.response.body", "body": part if part or is_last else _BEAT, "more_body": not is_last})
        part = b""
        if not is_last:
            await stream.wait(min(limits.stream_beat_s, left))


def _as_event(event: Event) -> bytes:
    content = _encoder.encode(EventOut(event.state, event.kind, event.happened_at))
    return b"id: %d\nevent: state\ndata: %b\n\n" % (event.position, content)
