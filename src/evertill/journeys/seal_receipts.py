"""Seal receipts: chain what was acknowledged, and what became of it since, behind what was chained before.

Batches and events are claimed as rows that wait, never as "greater than the last": numbers are handed out before the
commit. Whoever dies in the middle has claimed nothing.
"""

from __future__ import annotations

import datetime as dt
from itertools import islice

from evertill.domains import orders, receipts, trail
from evertill.domains.access import Permission
from evertill.domains.trail import Subject
from evertill.journeys.audit_receipts import find_unjournalled
from evertill.journeys.give_receipts import facts_of
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import db

__all__ = ["adopt_all", "adopt_orders", "open_journal", "seal_receipts"]

# What one seal holds: a few megabytes of batches, and a moment's work.
BATCHES_MAX, EVENTS_MAX = 200, 5_000
# Orders from before there were receipts that one transaction gives some.
_ADOPTED_MAX = 500
_EVENTS_ADOPTED_MAX = 1_000_000


def seal_receipts(*, now: dt.datetime) -> int:
    """This function will chain up to a seal's worth of what waits, and return how much that was; 0: nothing waits.

    It is 0 also while another process does the same, and before the journal was opened.
    """
    signer = receipts.signer(now=now)
    with db.write():
        if not receipts.take_chain() or receipts.read_last_seal() is None:
            return 0
        keys = {key.id: key.public for key in receipts.trusted_keys()}
        batches = receipts.put_back_unsigned(batches=receipts.claim_batches(limit=BATCHES_MAX), keys=keys)
        events = [
            receipts.EventFact(
                order_id=one.order_id,
                position=one.position,
                kind=one.kind,
                actor=one.actor,
                happened_at=one.happened_at,
            )
            for one in orders.claim_unsealed(limit=EVENTS_MAX)
        ]
        if batches or events:
            receipts.seal(batches=batches, events=events, signer=signer, now=now)
    return len(batches) + len(events)


def open_journal(*, now: dt.datetime) -> bool:
    """This function will open the journal, once in a shop's life, and say whether it is open.

    Orders from before there were receipts get some first, a batch of them with each call; the first seal holds nothing
    and says that from then on whatever has no receipt was not acknowledged here.
    """
    if receipts.read_last_seal() is not None:
        return True
    if adopt_orders(now=now):
        return False
    signer = receipts.signer(now=now)
    with db.write():
        if receipts.take_chain() and receipts.read_last_seal() is None:
            receipts.seal(batches=(), events=(), signer=signer, now=now)
    return True


def adopt_orders(*, now: dt.datetime) -> int:
    """This function will give receipts to a batch of orders that have none, and return how many.

    What became of them is journalled too.
    """
    signer = receipts.signer(now=now)
    with db.write():
        order_ids = orders.lock_unreceipted(limit=_ADOPTED_MAX)
        if not order_ids:
            return 0
        found = [order for _, order in sorted(orders.read_orders(order_ids=order_ids).items())]
        contacts = [receipts.contact_digest(order_id=o.id, email=o.email, phone=o.phone) for o in found]
        facts = [facts_of(order) for order in found]
        batch = receipts.sign_batch(facts=facts, contacts=contacts, signer=signer, now=now)
        receipts.ask_to_record(batch=batch, signer=signer).get()
        orders.give_receipt_batch(order_ids=order_ids, receipt_batch=batch.id)
        orders.queue_events(order_ids=order_ids)
    return len(order_ids)


def adopt_all(*, asker: Asker, why: str, now: dt.datetime) -> tuple[int, int]:
    """This function will adopt what an older release wrote beside this one; returns how many orders, and events.

    It is on record, since it makes acknowledged what was not. Cut off, it goes on when it is run again.
    Raises Forbidden.
    """
    subject = Subject(kind="journal")
    with permitted(asker=asker, permission=Permission.ORDERS_REBUILD, subject=subject, now=now):
        trail.write(actor=asker.actor, operation="receipts.adopt", subject=subject, why=why, now=now)
    adopted = 0
    while done := adopt_orders(now=now):
        adopted += done
    with db.snapshot():
        places = list(islice(find_unjournalled(), _EVENTS_ADOPTED_MAX))
    with db.write():
        orders.queue_places(places=places)
    return adopted, len(places)
