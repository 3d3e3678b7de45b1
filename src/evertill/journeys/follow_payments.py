"""Follow payments, refunds, disputes and webhooks until each has ended; what is lost on the way costs only time.

Each provider is followed by itself, and one that makes others wait in vain has its turn ended: what is due there waits
for the next run, and nobody else does.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from time import monotonic

import structlog

from evertill.domains import disputes, payments
from evertill.journeys.refund_payment import send_refund
from evertill.journeys.settle_disputes import settle_disputes
from evertill.journeys.settle_payment import settle_payment
from evertill.kernel import config, db, ids
from evertill.kernel.errors import EvertillError

_log = structlog.get_logger("evertill.payments")


def find_due_to_follow(*, now: dt.datetime) -> Sequence[str]:
    """This function will return the providers that have something to be asked after."""
    return payments.find_due_to_follow(now=now)


def find_due_to_handle(*, now: dt.datetime) -> Sequence[str]:
    """This function will return the providers whose webhooks wait to be handled."""
    return payments.find_due_to_handle(now=now)


def poll_payments(*, now: dt.datetime) -> int:
    """This function will poll one batch of each provider, one after the other, and return the size of the largest."""
    return max((poll_provider(provider=name, now=now) for name in find_due_to_follow(now=now)), default=0)


def poll_provider(*, provider: str, now: dt.datetime) -> int:
    """This function will ask after one batch of a provider's payments and refunds that are due, and return how many.

    Fewer than `config.follow_batch_max` means that none was left, or that the provider's turn has ended. One that
    cannot be settled now is tried again later, ever more seldom. Raises what db.write raises.
    """
    limits, turn = config.get(), _Turn()
    with db.write():
        limit = limits.follow_batch_max
        refund_ids = payments.claim_refunds(provider=provider, now=now, limit=limit, wait=_wait())
        intent_ids = payments.claim_intents(provider=provider, now=now, limit=limit, wait=_wait())
    for refund_id in refund_ids:
        turn.have(partial(send_refund, refund_id=refund_id, now=now), subject=refund_id)
    for intent_id in intent_ids:
        turn.have(partial(settle_payment, intent_id=intent_id, actor="poller", now=now), subject=intent_id)
    return 0 if turn.is_over else max(len(intent_ids), len(refund_ids))


def handle_events(*, now: dt.datetime) -> int:
    """This function will handle one batch of each provider's webhooks in turn, and return the size of the largest."""
    return max((handle_events_of(provider=name, now=now) for name in find_due_to_handle(now=now)), default=0)


def handle_events_of(*, provider: str, now: dt.datetime) -> int:
    """This function will settle the payments that one batch of a provider's webhooks is about, and return its size.

    A webhook says when to ask, and not what about: of captured money its provider is asked for disputes too.

    A webhook is handled when its payment was settled; else it is tried again later. 0 when the provider's turn has
    ended. Raises what db.write raises.
    """
    turn = _Turn()
    with db.write():
        limit = config.get().follow_batch_max
        events = payments.claim_events(provider=provider, now=now, limit=limit, wait=_wait())
    about: dict[int, list[payments.Event]] = {}
    for event in events:
        about.setdefault(event.intent_id, []).append(event)
    for intent_id, told in about.items():
        if turn.have(partial(settle_disputes, intent_id=intent_id, actor="webhook", now=now), subject=intent_id):
            _finish(told)
    return 0 if turn.is_over else len(events)


def poll_disputes(*, now: dt.datetime) -> int:
    """This function will ask after one batch of open disputes that are due, and return how many.

    It ends as poll_payments does, with a turn for each provider. Raises what db.write raises.
    """
    settings = config.get()
    look_at = now + dt.timedelta(seconds=settings.dispute_look_s)
    with db.write():
        intent_ids = disputes.claim_payments(now=now, look_at=look_at, limit=settings.follow_batch_max)
    turns: defaultdict[str, _Turn] = defaultdict(_Turn)
    for intent in payments.read_intents(intent_ids=set(intent_ids)).values():
        look = partial(settle_disputes, intent_id=intent.id, actor="poller", now=now)
        turns[intent.provider].have(look, subject=intent.id)
    return len(intent_ids)


def replay_events(*, since: dt.datetime, now: dt.datetime) -> int:
    """This function will handle again every webhook that came since a moment, and return how many there were."""
    with db.write():
        count = payments.replay_events(since=since, now=now)
    # Each is planned for later as it is taken up, so that this ends also when some cannot be handled now.
    while handle_events(now=now):
        pass
    return count


def _finish(events: Iterable[payments.Event]) -> None:
    with db.write():
        for event in events:
            payments.finish_event(event=event)


def _wait() -> payments.Wait:
    limits = config.get()
    return payments.Wait(first_s=limits.follow_wait_s, most_s=limits.follow_wait_s_max)


class _Turn:
    """One provider's turn: over once it has let us wait in vain for longer than it may."""

    def __init__(self) -> None:
        self._left_s = config.get().follow_patience_ms / 1000

    @property
    def is_over(self) -> bool:
        return self._left_s <= 0

    def have(self, call: Callable[[], object], *, subject: int) -> bool:
        """Say whether it went well. One that fails must not keep the others waiting; it is planned again already."""
        if self.is_over:
            return False
        began = monotonic()
        try:
            # Without this, one lost connection would fail all the calls after it.
            db.with_connection(call)
        except (db.DatabaseUnavailable, db.OutcomeUnknown):
            raise
        except EvertillError as error:
            self._left_s -= monotonic() - began
            _log.warning("payment waits", subject=ids.to_number(subject), error=error.code)
            return False
        except Exception:  # noqa: BLE001 — logged whole; the others go on.
            _log.exception("payment failed", subject=ids.to_number(subject))
            return False
        return True
