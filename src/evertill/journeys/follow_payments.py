"""Follow payments, refunds, disputes and webhooks until each has ended; what is lost on the way costs only time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from evertill.domains import disputes, payments
from evertill.journeys.refund_payment import send_refund
from evertill.journeys.settle_disputes import settle_disputes
from evertill.journeys.settle_payment import settle_payment
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError

_log = structlog.get_logger("evertill.payments")


def poll_payments(*, now: dt.datetime) -> int:
    """This function will ask after one batch of payments and refunds that are due, and return how many.

    Fewer than `config.follow_batch_max` means that none was left. One that cannot be settled now is tried again later,
    ever more seldom, at least every ten minutes. Raises what db.write raises.
    """
    limit = config.get().follow_batch_max
    with db.write():
        refund_ids = payments.claim_refunds(now=now, limit=limit)
        intent_ids = payments.claim_intents(now=now, limit=limit)
    for refund_id in refund_ids:
        _try(partial(send_refund, refund_id=refund_id, now=now), subject=refund_id)
    for intent_id in intent_ids:
        _try(partial(settle_payment, intent_id=intent_id, actor="poller", now=now), subject=intent_id)
    return max(len(intent_ids), len(refund_ids))


def handle_events(*, now: dt.datetime) -> int:
    """This function will settle the payments that one batch of stored webhooks is about, and return how many came.

    A webhook says when to ask, and not what about: of captured money its provider is asked for disputes too.

    A webhook is handled when its payment was settled; else it is tried again later. Raises what db.write raises.
    """
    with db.write():
        events = payments.claim_events(now=now, limit=config.get().follow_batch_max)
    about: dict[int, list[payments.Event]] = {}
    for event in events:
        about.setdefault(event.intent_id, []).append(event)
    for intent_id, told in about.items():
        if _try(partial(settle_disputes, intent_id=intent_id, actor="webhook", now=now), subject=intent_id):
            _finish(told)
    return len(events)


def poll_disputes(*, now: dt.datetime) -> int:
    """This function will ask after one batch of open disputes that are due, and return how many.

    It ends as poll_payments does. Raises what db.write raises.
    """
    settings = config.get()
    look_at = now + dt.timedelta(seconds=settings.dispute_look_s)
    with db.write():
        intent_ids = disputes.claim_payments(now=now, look_at=look_at, limit=settings.follow_batch_max)
    for intent_id in sorted(set(intent_ids)):
        _try(partial(settle_disputes, intent_id=intent_id, actor="poller", now=now), subject=intent_id)
    return len(intent_ids)


def replay_events(*, since: dt.datetime, now: dt.datetime) -> int:
    """This function will handle again every webhook that came since a moment, and return how many there were."""
    with db.write():
        count = payments.replay_events(since=since, now=now)
    # Each is planned for later as it is taken up, so that this ends also when some cannot be handled now.
    while handle_events(now=now) == config.get().follow_batch_max:
        continue
    while handle_events(now=now):
        pass
    return count


def _finish(events: Iterable[payments.Event]) -> None:
    with db.write():
        for event in events:
            payments.finish_event(event=event)


def _try(call: Callable[[], object], *, subject: int) -> bool:
    """Say whether it went well. One that fails must not keep the others waiting; it is planned again already."""
    try:
        call()
    except (db.DatabaseUnavailable, db.OutcomeUnknown):
        raise
    except EvertillError as error:
        _log.warning("payment waits", subject=subject, error=error.code)
        return False
    except Exception:  # noqa: BLE001 — logged whole; the others go on.
        _log.exception("payment failed", subject=subject)
        return False
    return True
