"""Make an order by hand: staff place what a customer wanted and did not get, or what he asks them for.

Only with his consent, which is recorded: how he agreed, when, and who says so. A failed checkout becomes one order at
most, whoever else is at it, since it is placed under its own key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from evertill.domains import catalog, orders, submissions, trail
from evertill.domains.access import Permission, Thing
from evertill.domains.catalog import Offer
from evertill.domains.submissions import State, Submission
from evertill.domains.trail import Subject
from evertill.journeys import finish_submission as finishing
from evertill.journeys.finish_submission import AlreadyEnded, SubmissionNotFound
from evertill.journeys.permitted import Asker, looking, permitted
from evertill.journeys.place_orders import AskedLine, Placed, PlaceOrder, digest_key, place_orders
from evertill.journeys.tell_customers import tell_placed
from evertill.kernel import crypto, ids
from evertill.kernel.errors import EvertillError

__all__ = [
    "Agreed",
    "AlreadyEnded",
    "AskedLine",
    "ConsentMissing",
    "How",
    "MakeOrder",
    "Offer",
    "Placed",
    "State",
    "Submission",
    "SubmissionNotFound",
    "SubmissionView",
    "TakenByAnother",
    "discard_submission",
    "drop_submission",
    "look_at_submission",
    "look_at_submissions",
    "look_up_prices",
    "make_from_submission",
    "make_order",
    "take_submission",
]

# Who has taken one and is not heard of for so long has forgotten it.
_HELD = dt.timedelta(hours=1)
# An agreement that is older says little; one from the future says that a clock or a finger slipped.
_AGREED_FOR, _AHEAD = dt.timedelta(days=30), dt.timedelta(minutes=5)
_NOTE_CHARS = 300


class How(StrEnum):
    """How a customer agreed that an order is made for him."""

    PHONE = "PHONE"
    MAIL = "MAIL"
    COUNTER = "COUNTER"
    CHAT = "CHAT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A customer's consent: how he gave it, when, and what is to be noted of it."""

    how: How
    at: dt.datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeOrder:
    """An order that staff make from nothing: under a key of the page that asks for it, for a total that it showed."""

    key: bytes
    lines: Sequence[AskedLine]
    currency: str
    email: str = ""
    phone: str = ""
    language: str = ""
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionView:
    """A failed checkout as somebody looks at it: with what each SKU costs now; None for what is not for sale."""

    submission: Submission
    prices: Mapping[str, int | None]

    @property
    def total_now(self) -> int | None:
        """What it comes to now; None when something of it is not for sale."""
        amounts = [self.prices.get(line.sku) for line in self.submission.failed.lines]
        if any(amount is None for amount in amounts):
            return None
        pairs = zip(self.submission.failed.lines, amounts, strict=True)
        return sum(line.quantity * amount for line, amount in pairs if amount is not None)


class ConsentMissing(EvertillError):
    """It is not said how and when the customer agreed, or the moment cannot be."""

    code = "CONSENT_MISSING"
    remedy = "Ask the customer, then say how and when he agreed: within the last thirty days."


class TakenByAnother(EvertillError):
    """Somebody else is at this submission."""

    code = "TAKEN_BY_ANOTHER"
    status = "conflict"
    remedy = "Talk to that person, or take it over; after an hour it is free again by itself."


def look_at_submissions(*, asker: Asker, with_ended: bool = False, limit: int, now: dt.datetime) -> list[Submission]:
    """This function will return up to `limit` failed checkouts, the latest first, and record that somebody looked."""
    subject = Subject(kind="submissions", id="all" if with_ended else "open")
    with looking(asker=asker, permission=Permission.ORDERS_READ, subject=subject, now=now) as look:
        found = submissions.list_latest(limit=limit, with_ended=with_ended)
        look.note(found=len(found))
    return found


def look_at_submission(*, asker: Asker, submission_id: int, now: dt.datetime) -> SubmissionView:
    """This function will return a failed checkout with today's prices, and record that somebody looked.

    Raises SubmissionNotFound, Forbidden.
    """
    subject = _subject(submission_id)
    with looking(asker=asker, permission=Permission.ORDERS_READ, subject=subject, now=now):
        kept = finishing.view_submission(submission_id=submission_id)
        skus = {line.sku for line in kept.failed.lines}
        offers = catalog.find_offers(skus=skus, currency=kept.failed.currency).get()
    return SubmissionView(submission=kept, prices={sku: offer.unit_price for sku, offer in offers.items()})


def take_submission(*, asker: Asker, submission_id: int, is_forced: bool = False, now: dt.datetime) -> None:
    """This function will say to others that somebody is at a failed checkout.

    Raises SubmissionNotFound, AlreadyEnded, TakenByAnother, Forbidden.
    """
    subject = _subject(submission_id)
    with permitted(asker=asker, permission=Permission.ORDERS_MAKE, subject=subject, now=now):
        before = finishing.view_submission(submission_id=submission_id)
        stale = now - _HELD
        if not submissions.take(submission_id=submission_id, by=asker.name, stale=stale, is_forced=is_forced, now=now):
            kept = finishing.view_submission(submission_id=submission_id)
            if kept.state is not State.OPEN:
                raise AlreadyEnded("This has an order already, or was closed.")
            raise TakenByAnother(f"{kept.taken_by} is at this.", by=kept.taken_by)
        trail.write(
            actor=asker.actor,
            operation="submissions.take",
            subject=subject,
            before={"taken_by": before.taken_by},
            after={"taken_by": asker.name},
            now=now,
        )


def drop_submission(*, asker: Asker, submission_id: int, now: dt.datetime) -> None:
    """This function will leave a failed checkout to others again; raises Forbidden."""
    subject = _subject(submission_id)
    with permitted(asker=asker, permission=Permission.ORDERS_MAKE, subject=subject, now=now):
        if submissions.drop(submission_id=submission_id, by=asker.name):
            trail.write(actor=asker.actor, operation="submissions.drop", subject=subject, now=now)


def discard_submission(*, asker: Asker, submission_id: int, why: str, now: dt.datetime) -> None:
    """This function will close a failed checkout that nobody will place, and why.

    Raises SubmissionNotFound, AlreadyEnded, Forbidden.
    """
    subject = _subject(submission_id)
    with permitted(asker=asker, permission=Permission.ORDERS_MAKE, subject=subject, now=now):
        finishing.close_submission(submission_id=submission_id, why=why, actor=asker.actor, now=now)


def make_from_submission(
    *,
    asker: Asker,
    submission_id: int,
    at_shown_prices: bool,
    total: int,
    keep_h: int,
    agreed: Agreed,
    now: dt.datetime,
) -> Placed:
    """This function will place what a failed checkout wanted, for the total that the customer agreed to, and tell him.

    When he has placed it himself meanwhile, it is that order. Raises ConsentMissing, SubmissionNotFound, AlreadyEnded,
    Forbidden, also for his own, what place_orders answers, and what db.write raises.
    """
    _check(agreed, now=now)
    subject = _subject(submission_id)
    kept = finishing.view_submission(submission_id=submission_id)
    thing = Thing(kind="submission", id=subject.id, owner=kept.failed.account_id)
    with permitted(asker=asker, permission=Permission.ORDERS_MAKE, subject=subject, thing=thing, now=now):
        placed = finishing.finish_submission(
            submission_id=submission_id,
            at_shown_prices=at_shown_prices,
            agreed_total=total,
            keep_h=keep_h,
            actor=asker.actor,
            now=now,
        )
        if not placed.is_repeat:
            more = {"submission": subject.id, "shown_total": kept.failed.total, "at_shown_prices": at_shown_prices}
            _write_down(placed, asker, agreed, more, now=now)
    return placed


def make_order(*, asker: Asker, asked: MakeOrder, keep_h: int, agreed: Agreed, now: dt.datetime) -> Placed:
    """This function will place an order for a customer who asked for it, keep its goods so many hours, and tell him.

    The same key makes one order. Raises ConsentMissing, Forbidden, what place_orders answers, and what db.write raises.
    """
    _check(agreed, now=now)
    with permitted(
        asker=asker, permission=Permission.ORDERS_MAKE, subject=Subject(kind="order", id="by hand"), now=now
    ):
        (placed,) = place_orders([_ask(asker, asked)], now=now)
        if not isinstance(placed, Placed):
            raise placed
        if placed.is_repeat:
            return placed
        order_id = placed.order.id
        orders.extend_reservation(order_id=order_id, lasting=dt.timedelta(hours=keep_h))
        placed = msgspec.structs.replace(placed, order=orders.read_orders(order_ids=[order_id])[order_id])
        tell_placed(order=placed.order, keep_h=keep_h, has_failed=False, now=now)
        _write_down(placed, asker, agreed, {}, now=now)
    return placed


def look_up_prices(*, asker: Asker, skus: Collection[str], currency: str, now: dt.datetime) -> Mapping[str, Offer]:
    """This function will return what of these SKUs can be ordered now, and what it costs; raises Forbidden."""
    with permitted(
        asker=asker, permission=Permission.ORDERS_MAKE, subject=Subject(kind="order", id="by hand"), now=now
    ):
        return catalog.find_offers(skus=skus, currency=currency).get()


def _ask(asker: Asker, asked: MakeOrder) -> PlaceOrder:
    body = (list(asked.lines), asked.currency, asked.email, asked.phone, asked.language, asked.total)
    return PlaceOrder(
        key_digest=digest_key(caller=asker.name, key=asked.key),
        body_digest=crypto.fingerprint(msgspec.json.encode(body)),
        lines=asked.lines,
        currency=asked.currency,
        email=asked.email,
        phone=asked.phone,
        language=asked.language,
        expected_total=asked.total,
    )


def _write_down(placed: Placed, asker: Asker, agreed: Agreed, more: Mapping[str, Any], *, now: dt.datetime) -> None:
    orders.note(order_id=placed.order.id, kind=orders.EventKind.MADE, actor=asker.name, now=now)
    trail.write(
        actor=asker.actor,
        operation="orders.make",
        subject=Subject(kind="order", id=placed.number),
        after={
            "total": placed.order.total,
            "currency": placed.order.currency,
            "agreed_how": agreed.how.value,
            "agreed_at": agreed.at.isoformat(),
            **more,
        },
        why=agreed.note[:_NOTE_CHARS],
        now=now,
    )


def _check(agreed: Agreed, *, now: dt.datetime) -> None:
    if not now - _AGREED_FOR <= agreed.at <= now + _AHEAD:
        raise ConsentMissing("The customer cannot have agreed at that moment.")


def _subject(submission_id: int) -> Subject:
    return Subject(kind="submission", id=ids.to_number(submission_id))
