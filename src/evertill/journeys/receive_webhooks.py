"""Receive webhooks: believed by their signature only, stored as they came, answered at once, and handled later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from evertill.domains import payments
from evertill.domains.payments import UnknownProvider, WebhookForeign, WebhookForged, WebhookRefused, WebhookStale
from evertill.kernel import db, ids, jobs
from evertill.kernel.errors import EvertillError

__all__ = [
    "Received",
    "UnknownProvider",
    "Webhook",
    "WebhookForeign",
    "WebhookForged",
    "WebhookRefused",
    "WebhookStale",
    "receive_webhooks",
]

HANDLE = "handle_events"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as it came: headers by lower-case name, and the raw body."""

    provider: str
    headers: Mapping[bytes, bytes]
    body: bytes


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that is stored, now or since it came for the first time, and what its sender wants to read."""

    is_repeat: bool
    acknowledgement: payments.Acknowledgement | None = None


def receive_webhooks(came: Sequence[Webhook], *, now: dt.datetime) -> list[Received | EvertillError]:
    """This function will store genuine webhooks in one transaction and answer each in its place, WebhookRefused too.

    Nothing is done about them yet, but a job is asked for in the same transaction. Raises what db.write raises.
    """
    read = [_read(webhook, now=now) for webhook in came]
    events = [event for event in read if isinstance(event, payments.NewEvent)]
    if not events:
        return [error for error in read if isinstance(error, EvertillError)]
    with db.write():
        ours = payments.find_ours(intent_ids={event.intent_id for event in events})
        # The same event may come twice in one batch.
        known = {(e.provider, e.event_id): e for e in events if (e.provider, e.intent_id) in ours}
        new = payments.store_events(events=list(known.values()), now=now) if known else set()
        if new:
            jobs.ask_for(HANDLE)
    answers: list[Received | EvertillError] = []
    for event in read:
        if isinstance(event, EvertillError):
            answers.append(event)
        elif (event.provider, event.intent_id) not in ours:
            answers.append(WebhookForeign("This is about no payment of this shop."))
        else:
            is_repeat = (event.provider, event.event_id) not in new
            wanted = payments.provider(event.provider).acknowledgement
            answers.append(Received(is_repeat=is_repeat, acknowledgement=wanted))
            new.discard((event.provider, event.event_id))
    return answers


def _read(webhook: Webhook, *, now: dt.datetime) -> payments.NewEvent | EvertillError:
    try:
        provider = payments.provider(webhook.provider)
        notice = provider.read_webhook(headers=webhook.headers, body=webhook.body, now=now)
        intent_id = _find(notice, provider.name)
    except ids.InvalidNumber:
        return WebhookForeign("This is about no payment of this shop.")
    except EvertillError as refusal:
        return refusal
    return payments.NewEvent(provider=provider.name, event_id=notice.event_id, intent_id=intent_id, body=webhook.body)


def _find(notice: payments.Notice, provider: str) -> int:
    if notice.reference:
        return ids.from_number(notice.reference)
    # Seldom: only events, such as a dispute, that do not carry our number.
    intent = payments.find_by_provider_id(provider=provider, provider_id=notice.provider_id)
    if intent is None:
        raise WebhookForeign("This is about no payment of this shop.")
    return intent.id
