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
from evertill.entry.lane.problems import BadRequest, BodyTooLarge, WrongMediaType
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


@post(
    "/webhooks/{provider:str}",
    status_code=200,
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
async def receive_webhook(request: Request[Any, Any, Any], provider: FromPath[str]) -> Response[ReceivedOut]:
    """This function will keep one webhook, or refuse it."""
    try:
        headers = read_headers(request.scope)
        body = await read_body(request.receive, headers, media=_MEDIA)
    except ClientGone:
        raise BadRequest("The request ended in the middle of its body.") from None
    received = await receiving().submit(Webhook(provider=provider, headers=headers, body=body))
    assert isinstance(received, Received)  # noqa: S101 - a refusal was raised by the gather
    wanted = received.acknowledgement
    if wanted is not None:
        # The document tells of the shop's own answer; a provider that wants another one knows its own.
        its_own: Response[Any] = Response(
            wanted.body, media_type=wanted.media_type, headers={"cache-control": "no-store"}
        )
        return its_own
    return Response(ReceivedOut(received.is_repeat), headers={"cache-control": "no-store"})
