"""Writes of payments. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg

from evertill.domains.payments import rules
from evertill.domains.payments.types import (
    Conclusion,
    Event,
    Intent,
    NewEvent,
    NewIntent,
    NewRefund,
    Refund,
    RefundState,
    State,
    Truth,
    Wait,
)
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints, Texts, Uuids
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.payments"
_REASON_CHARS = 200
# A payment is the one under its key and the one under its number; which is met first is PostgreSQL's choice.
_NAMES_ONE = {"payments_intent_pkey", "payments_intent_once_per_key", "payments_move_pkey"}


class ProviderIdTaken(EvertillError):
    """A provider names one payment by an id that it has told of another before."""

    code = "PROVIDER_ID_TAKEN"
    status = "conflict"
    kept = "Both payments stay as they are."
    remedy = "Look at the other payment; if the provider is right, this one is not what it seems."


class KeyTaken(EvertillError):
    """Somebody else used a payment's key at the same moment, or its random number is another's already."""

    code = "PAYMENT_KEY_TAKEN"
    status = "internal"
    remedy = "Look again under which keys there are payments, and draw new numbers."


def create_intent(*, new: NewIntent, actor: str, now: dt.datetime) -> bool:
    """This function will write a payment, and say whether it did: False means that its key is used already."""
    written = db.execute(
        sql.load(_HERE, "create"),
        (
            new.id,
            new.order_id,
            new.provider,
            new.way,
            new.expected.amount,
            new.expected.currency,
            UUID(bytes=new.key_digest),
            UUID(bytes=new.body_digest),
            now,
            actor,
        ),
    )
    return written == 1


@contextmanager
def noticing_taken_keys() -> Iterator[None]:
    """Statements inside raise KeyTaken when a payment's key or number is used already; the transaction is lost then."""
    try:
        yield
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name in _NAMES_ONE:
            raise KeyTaken("A payment's key or number is used already.") from violation
        raise


def record_captured(*, new: Sequence[NewIntent], actors: Sequence[str], now: dt.datetime) -> db.Later[int]:
    """This function will ask to write payments that are captured in the transaction that asks for them, to the penny.

    A key or number that is used already violates a constraint; callers ask inside of noticing_taken_keys.
    """
    ids = Bigints([one.id for one in new])
    return db.tell(
        sql.load(_HERE, "record_captured"),
        (
            now,
            ids,
            Bigints([one.order_id for one in new]),
            Texts([one.provider for one in new]),
            Texts([one.way for one in new]),
            Bigints([one.expected.amount for one in new]),
            Texts([one.expected.currency for one in new]),
            Uuids([one.key_digest for one in new]),
            Uuids([one.body_digest for one in new]),
            now,
            ids,
            Texts(actors),
        ),
        shape=lambda written: written,
    )


def record_truth(*, intent: Intent, truth: Truth, conclusion: Conclusion | None, actor: str, now: dt.datetime) -> bool:
    """This function will write what a provider told of a payment that the caller has locked, with who told and why.

    Returns whether it was news; what the table of moves does not allow changes nothing. A capture comes with its
    conclusion. Raises ProviderIdTaken, after which the transaction is lost.
    """
    sources = [source for source in State if rules.may_move(source=source, target=truth.state)]
    captured = truth.captured if truth.state is State.CAPTURED else None
    moved = _record(
        {
            "intent_id": intent.id,
            "state": truth.state.value,
            "sources": Texts([source.value for source in sources]),
            "provider_id": truth.provider_id,
            "captured": captured.amount if captured else 0,
            "captured_currency": captured.currency if captured else "",
            "ending": conclusion.ending.value if conclusion else "",
            "reason": truth.reason[:_REASON_CHARS],
            "next_kind": truth.next.kind if truth.next else "",
            "next_value": truth.next.value if truth.next else "",
            "is_final": rules.is_final(truth.state),
            "actor": actor,
            "why": (conclusion.ending.value if conclusion else truth.reason or "told by the provider")[:_REASON_CHARS],
            "now": now,
        }
    )
    return moved == 1


def _record(params: Mapping[str, Any]) -> int:
    try:
        return db.execute(sql.load(_HERE, "record_truth"), params)
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name == "payments_intent_provider_id_once":
            raise ProviderIdTaken("The provider's id belongs to another payment.") from violation
        raise


def wait_with_intent(*, intent_id: int, until: dt.datetime) -> None:
    """This function will leave a payment that nobody can be asked about alone until a moment."""
    db.execute(sql.load(_HERE, "wait_with_intent"), (until, intent_id))


def wait_with_refund(*, refund_id: int, until: dt.datetime) -> None:
    """This function will leave a refund that staff have to send alone until a moment."""
    db.execute(sql.load(_HERE, "wait_with_refund"), (until, refund_id))


def note(*, intent_id: int, actor: str, why: str, now: dt.datetime) -> None:
    """This function will add to a payment's history what somebody did about it; the caller has locked the payment."""
    db.execute(sql.load(_HERE, "note"), (actor, why[:_REASON_CHARS], now, intent_id))


def claim_intents(*, provider: str, now: dt.datetime, limit: int, wait: Wait) -> list[int]:
    """This function will take up to `limit` payments that are due to be followed, and plan the look after this one."""
    return [intent_id for (intent_id,) in _claim("claim_intents", provider, now, limit, wait)]


def claim_refunds(*, provider: str, now: dt.datetime, limit: int, wait: Wait) -> list[int]:
    """This function will take up to `limit` refunds whose end is unknown, and plan the look after this one."""
    return [refund_id for (refund_id,) in _claim("claim_refunds", provider, now, limit, wait)]


def claim_events(*, provider: str, now: dt.datetime, limit: int, wait: Wait) -> list[Event]:
    """This function will take up to `limit` webhooks that wait to be handled, and plan the try after this one."""
    rows = _claim("claim_events", provider, now, limit, wait)
    return [Event(provider=name, event_id=event_id, intent_id=intent_id) for name, event_id, intent_id in rows]


def _claim(statement: str, provider: str, now: dt.datetime, limit: int, wait: Wait) -> list[Any]:
    return db.fetch(
        sql.load(_HERE, statement),
        {"provider": provider, "now": now, "limit": limit, "wait_s": wait.first_s, "wait_s_max": wait.most_s},
    )


def store_events(*, events: Sequence[NewEvent], now: dt.datetime) -> set[tuple[str, str]]:
    """This function will keep webhooks as they came, and return (provider, event id) of those that are new."""
    rows = db.fetch(
        sql.load(_HERE, "store_events"),
        (
            now,
            now,
            Texts([event.provider for event in events]),
            Texts([event.event_id for event in events]),
            Bigints([event.intent_id for event in events]),
            Texts([event.body.hex() for event in events]),
        ),
    )
    return {(name, event_id) for name, event_id in rows}


def finish_event(*, event: Event) -> None:
    """This function will note that a webhook is handled."""
    db.execute(sql.load(_HERE, "finish_event"), (event.provider, event.event_id))


def replay_events(*, since: dt.datetime, now: dt.datetime) -> int:
    """This function will have every webhook since a moment handled again, and return how many there are."""
    return db.execute(sql.load(_HERE, "replay_events"), (now, since))


def request_refund(*, new: NewRefund, now: dt.datetime) -> bool:
    """This function will promise money back and write the refund; False means that so much is not left.

    A key that is used already violates payments_refund_once_per_key; callers lock the payment and look first.
    """
    written = db.execute(
        sql.load(_HERE, "request_refund"),
        {
            "refund_id": new.id,
            "intent_id": new.intent_id,
            "kind": new.kind.value,
            "amount": new.amount,
            "reason": new.reason,
            "actor": new.actor,
            "now": now,
            "key_digest": UUID(bytes=new.key_digest),
            "body_digest": UUID(bytes=new.body_digest) if new.body_digest else None,
        },
    )
    return written == 1


def set_disputed(*, intent_id: int, amount: int) -> None:
    """This function will write how much of a captured payment is disputed; the caller has locked the payment."""
    db.execute(sql.load(_HERE, "set_disputed"), (amount, intent_id))


def finish_refund(*, refund: Refund, state: RefundState, provider_id: str, now: dt.datetime) -> bool:
    """This function will end a refund, and return whether it was not ended before; the caller has locked the payment.

    A refund that FAILED is not promised any more.
    """
    ended = db.fetch(
        sql.load(_HERE, "finish_refund"),
        {"refund_id": refund.id, "state": state.value, "provider_id": provider_id, "now": now},
    )
    return bool(ended)


def forget_reasons(*, refund_ids: Sequence[int]) -> None:
    """This function will take out why money went back, in the words of whoever gave it; that it did stays."""
    db.execute(sql.load(_HERE, "forget_reasons"), (Bigints(refund_ids),))
