"""Webhooks of payment providers: gathered, verified, stored, and answered before anybody thinks about them.

What is refused is counted beside what is accepted, by its code (`evertill_answers`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from evertill.entry.lane.body import ClientGone, read_body, read_headers
from evertill.entry.lane.document import problems
from evertill.entry.lane.gather import Gather
from evertill.entry.lane.problems import BadRequest, BodyTooLarge, Headers, WrongMediaType, render
from evertill.journeys.receive_webhooks import (
    Received,
    UnknownProvider,
    Webhook,
    WebhookForeign,
    WebhookForged,
    WebhookRefused,
    WebhookStale,
    receive_webhooks,
)
from evertill.kernel import clock, config
from evertill.kernel.errors import EvertillError

# What providers send; whether it is what its provider describes, the provider's own reading decides.
_MEDIA = frozenset({b"application/json", b"application/x-www-form-urlencoded"})


class ReceivedOut(msgspec.Struct, frozen=True):
    """A webhook that is kept, now or since it came for the first time."""

    repeated: bool


# The shop's own answers are two, each the same for everybody; a provider that wants to read another one says so.
_BODIES = {is_repeat: msgspec.json.encode(ReceivedOut(is_repeat)) for is_repeat in (False, True)}
_HEADERS: dict[bool, Headers] = {
    is_repeat: [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    for is_repeat, body in _BODIES.items()
}


@cache
def receiving() -> Gather[Webhook, Received | EvertillError]:
    """This function will return this process's queue of webhooks to be stored."""
    limits = config.get()
    return Gather(
        lambda came: receive_webhooks(came, now=clock.now()),
        name="webhook",
        weigh=lambda webhook: len(webhook.body),
        count_max=limits.batch_orders_max,
        weight_max=limits.body_bytes_max,
        queue_max=limits.queue_max,
        patience_s=limits.database_patience_ms / 1e3,
    )


async def _answer(scope: Any, receive: Any, provider: str) -> tuple[int, Headers, bytes]:
    try:
        headers = read_headers(scope)
        body = await read_body(receive, headers, media=_MEDIA)
        received = await receiving().submit(Webhook(provider=provider, headers=headers, body=body))
    except EvertillError as error:
        return render(error)
    assert isinstance(received, Received)  # noqa: S101 - a refusal was raised by the gather
    wanted = received.acknowledgement
    if wanted is not None:
        told = [
            (b"content-type", wanted.media_type.encode()),
            (b"content-length", b"%d" % len(wanted.body)),
            (b"cache-control", b"no-store"),
        ]
        return 200, told, wanted.body
    return 200, _HEADERS[received.is_repeat], _BODIES[received.is_repeat]


async def accept(scope: Any, receive: Any, send: Any) -> None:
    """This function will answer `POST /api/v1/webhooks/{provider}` as a bare ASGI application.

    A provider with a bad day tells of everything at once, and one that is answered too slowly tells it all again.
    """
    try:
        status, headers, content = await _answer(scope, receive, scope["path"].rpartition("/")[2])
    except ClientGone:
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _accept_bare(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer as the hot path does; reached by spellings of the address that only Litestar knows to be the same."""
    try:
        status, headers, body = await _answer(request.scope, request.receive, request.path_params["provider"])
    except ClientGone:
        raise BadRequest("The request ended in the middle of its body.") from None
    named = {name.decode(): value.decode() for name, value in headers}
    return Response(body, status_code=status, headers=named, media_type=named["content-type"])


@post(
    "/webhooks/{provider:str}",
    status_code=200,
    # Before Litestar parses anything, so that there is one reading of a request and one wording of each refusal.
    before_request=_accept_bare,
    summary="Tell of a payment (for payment providers)",
    description="Takes a provider's signed webhook as it comes, keeps it, and handles it later.",
    operation_id="receiveWebhook",
    response_description="The webhook is kept.",
    responses=problems(
        WebhookRefused,
        WebhookForged,
        WebhookStale,
        WebhookForeign,
        UnknownProvider,
        BodyTooLarge,
        WrongMediaType,
    ),
    tags=["payments"],
)
async def receive_webhook(provider: FromPath[str]) -> ReceivedOut:
    """This function will never run: it stands here for the API document, and accept answers in its place."""
    raise NotImplementedError
