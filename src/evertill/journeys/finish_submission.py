"""Finish a submission: a checkout that failed through our fault is looked up, placed by hand, or closed.

It is placed under its own key: whatever comes late under that, from the customer or from somebody else here, finds the
one order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from evertill.domains import incidents, orders, submissions, trail
from evertill.domains.submissions import State, Submission
from evertill.journeys.keep_submission import ALERT, SUBJECT
from evertill.journeys.place_orders import AskedLine, Placed, PlaceOrder, place_orders
from evertill.journeys.tell_customers import tell_placed
from evertill.kernel import config, db, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.said import Said

__all__ = [
    "AlreadyEnded",
    "State",
    "Submission",
    "SubmissionNotFound",
    "close_submission",
    "finish_submission",
    "list_submissions",
    "settle_submissions",
    "view_submission",
]

# Batches of one look at all that is open.
_MEANWHILE = Said(text="One failed meanwhile.", code="SUBMISSION_MEANWHILE")
_BATCHES_MAX = 1_000


class SubmissionNotFound(EvertillError):
    """Nothing is kept under this reference."""

    code = "SUBMISSION_NOT_FOUND"
    status = "not_found"
    remedy = "Check the reference. If it is of another failure of the shop's, the log has it."


class AlreadyEnded(EvertillError):
    """The submission has an order already, or was closed."""

    code = "ALREADY_ENDED"
    status = "conflict"
    kept = "It stays as it is, and no second order was made."
    remedy = "Look at it; a customer whose order was closed here can order again himself."


def list_submissions(*, limit: int, with_ended: bool = False) -> list[Submission]:
    """This function will return up to `limit` submissions, the one that failed last first; the open ones, or all."""
    return submissions.list_latest(limit=limit, with_ended=with_ended)


def view_submission(*, submission_id: int) -> Submission:
    """This function will return the submission of a reference; raises SubmissionNotFound."""
    found = submissions.find(submission_id=submission_id)
    if found is None:
        raise SubmissionNotFound("Nothing is kept under this reference.")
    return found


def finish_submission(
    *,
    submission_id: int,
    at_shown_prices: bool = False,
    agreed_total: int | None = None,
    keep_h: int,
    actor: trail.Actor,
    now: dt.datetime,
) -> Placed:
    """This function will place what a submission wanted, keep its goods for so many hours, and tell the customer.

    At today's prices, if they come to what the customer agreed to then, or has agreed to since (`agreed_total`); or at
    those that he was shown. When there is an
    order under the key already, it is that one, as it is. Raises SubmissionNotFound, AlreadyEnded, what place_orders
    answers (above all SoldOut, PriceChanged, and KeyInFlight while the customer tries again himself), and what db.write
    raises.
    """
    with db.write():
        # Held until the commit, so that order and note are one; whoever else finishes it waits, and finds it done.
        kept = submissions.lock(submission_id=submission_id)
        if kept is None:
            raise SubmissionNotFound("Nothing is kept under this reference.")
        if kept.state is not State.OPEN:
            raise _ended(kept)
        (placed,) = place_orders([_ask(kept, at_shown_prices=at_shown_prices, agreed_total=agreed_total)], now=now)
        if not isinstance(placed, Placed):
            raise placed
        if not placed.is_repeat:
            order_id = placed.order.id
            orders.extend_reservation(order_id=order_id, lasting=dt.timedelta(hours=keep_h))
            placed = msgspec.structs.replace(placed, order=orders.read_orders(order_ids=[order_id])[order_id])
            tell_placed(order=placed.order, keep_h=keep_h, now=now)
        submissions.finish(submission_id=submission_id, order_id=placed.order.id, actor=_name(actor), now=now)
        _write_down("finish", kept, actor, after={"order": placed.number, "was_there": placed.is_repeat}, now=now)
        _close_alert(actor=_name(actor), now=now)
    return placed


def _ask(kept: Submission, *, at_shown_prices: bool, agreed_total: int | None) -> PlaceOrder:
    failed = kept.failed
    return PlaceOrder(
        key_digest=failed.key_digest,
        body_digest=failed.body_digest,
        lines=[
            AskedLine(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price if at_shown_prices else None)
            for line in failed.lines
        ],
        currency=failed.currency,
        email=failed.email,
        phone=failed.phone,
        language=failed.language,
        account_id=failed.account_id,
        expected_total=failed.total if agreed_total is None else agreed_total,
    )


def _ended(kept: Submission) -> AlreadyEnded:
    if kept.order_id is None:
        return AlreadyEnded("This was closed already.")
    return AlreadyEnded(f"This is order {ids.to_number(kept.order_id)} already.")


def close_submission(*, submission_id: int, why: str, actor: trail.Actor, now: dt.datetime) -> None:
    """This function will close a submission that nobody will place; raises SubmissionNotFound and AlreadyEnded."""
    with db.write():
        kept = view_submission(submission_id=submission_id)
        if not submissions.close(submission_id=submission_id, actor=_name(actor), note=why, now=now):
            raise _ended(view_submission(submission_id=submission_id))
        _write_down("close", kept, actor, after=None, why=why, now=now)
        _close_alert(actor=_name(actor), now=now)


def _name(actor: trail.Actor) -> str:
    return f"{actor.kind.value.lower()}:{actor.id}"


def _write_down(
    what: str,
    kept: Submission,
    actor: trail.Actor,
    *,
    after: Mapping[str, Any] | None,
    why: str = "",
    now: dt.datetime,
) -> None:
    subject = trail.Subject(kind="submission", id=ids.to_number(kept.failed.id))
    trail.write(actor=actor, operation=f"submissions.{what}", subject=subject, after=after, why=why, now=now)


def settle_submissions(*, now: dt.datetime) -> int:
    """This function will note of open submissions what was ordered under their keys after all, and return how many."""
    limit = config.get().submission_batch_max
    settled, behind = 0, -1
    for _ in range(_BATCHES_MAX):
        with db.write():
            keys = submissions.read_open_keys(behind=behind, limit=limit)
            if keys:
                known = orders.find_by_keys(digests=list(keys)).get()
                found = {keys[key]: keyed.order.id for key, keyed in known.items()}
                settled += submissions.finish_placed(orders=found, actor="customer", now=now)
            _close_alert(actor="clock", now=now)
        if len(keys) < limit:
            break
        behind = max(keys.values())
    return settled


def _close_alert(*, actor: str, now: dt.datetime) -> None:
    if submissions.count_open():
        return
    incidents.close_alerts(kind=ALERT, subject=SUBJECT, actor=actor, why="no failed checkout is open", now=now)
    # The alert is held from here on: who keeps one later raises it anew, and who was faster is seen now.
    if submissions.count_open():
        incidents.raise_alert(kind=ALERT, subject=SUBJECT, detail=_MEANWHILE, now=now)
