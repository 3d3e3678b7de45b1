"""An order's events, the documented form: `stream_events` answers in its place."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter

from evertill.entry.lane.document import problems
from evertill.entry.lane.events import MEDIA_TYPE, StreamedOut, stream_events
from evertill.entry.lane.opening import ScopeMissing
from evertill.entry.lane.orders_api import OPENED_BY
from evertill.entry.lane.streams import StreamsFull
from evertill.journeys.authenticate_caller import Unauthenticated
from evertill.journeys.watch_order import OrderNotFound

_DESCRIPTION = """\
Server-sent events: each `state` has an `id`, its position in this order's history, and as `data` an EventOut in JSON.
All that happened is told first, then whatever happens, each once and in its order. With Last-Event-ID, as browsers send
it by themselves, what comes after that. With the order's own access_token, or an API token with the scope orders:read.

A line with a colon alone is a sign of life. The answer ends after a while (resume it then), and with an event `end`
once nothing of the order is under way any more: no goods that are kept for somebody who has not paid, and no money."""


class _Streamed(Response[bytes]):
    """An answer that the bare handler gives by itself."""

    def to_asgi_response(self, **_: Any) -> Any:  # type: ignore[override]
        """This function will return the bare handler."""
        return stream_events


async def _stream_bare(_: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer as the bare handler does; reached by spellings of the address that only Litestar knows to be the same."""
    return _Streamed(b"")


@get(
    "/orders/{number:str}/events",
    before_request=_stream_bare,
    media_type=MEDIA_TYPE,
    summary="Watch an order",
    description=_DESCRIPTION,
    operation_id="watchOrder",
    response_description="The order's events, for as long as the stream is open.",
    responses={
        204: ResponseSpec(
            None,
            description="Nothing has happened since Last-Event-ID, and nothing is under way: do not come back.",
            generate_examples=False,
        ),
        **problems(Unauthenticated, ScopeMissing, OrderNotFound, StreamsFull),
    },
    security=OPENED_BY,
    tags=["orders"],
)
async def watch(
    number: FromPath[str],
    last_event_id: Annotated[
        str | None,
        HeaderParameter(name="Last-Event-ID", description="The `id` of the last event that was heard."),
    ] = None,
) -> StreamedOut:
    """This function will never run: it stands here for the API document, and stream_events answers in its place."""
    raise NotImplementedError
