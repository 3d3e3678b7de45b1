"""Review an order: one person takes it, for a while; approves it, refuses it, or asks its customer.

Approving lets the goods go. Refusing cancels an order that nobody has paid; of one that is paid, all that is left goes
back in the same step, by the rules of refunds: above the limit another person has to approve it. It stays held. Nobody
reviews his own order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from evertill.domains import orders, payments, preferences, reviews, stock, trail
from evertill.domains.access import Objection, Permission
from evertill.domains.approvals import Approval
from evertill.domains.reviews import QUESTION_CHARS_MAX, Review, ReviewEnded, ReviewHeld, ReviewNotTaken, State
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.ask_review import subject_of
from evertill.journeys.permitted import Asker, Forbidden, Wish, approved, buyers_of, permitted
from evertill.journeys.refund_order import RefundOrder, left_of, promise, try_to_send
from evertill.journeys.tell_customers import tell_asked
from evertill.journeys.view_order import OrderNotFound, view_order
from evertill.kernel import config, crypto, ids
from evertill.kernel.errors import EvertillError

__all__ = [
    "QUESTION_CHARS_MAX",
    "Decision",
    "NothingToRefund",
    "OrderPaidMeanwhile",
    "Review",
    "ReviewEnded",
    "ReviewHeld",
    "ReviewNotFound",
    "ReviewNotTaken",
    "Reviewed",
    "ask_customer",
    "ask_to_refuse",
    "decide_review",
    "take_review",
    "takes_two",
    "what_returns",
]


class ReviewNotFound(EvertillError):
    """This order was never to be reviewed."""

    code = "REVIEW_NOT_FOUND"
    status = "not_found"
    remedy = "Look at the order's number."


class Decision(StrEnum):
    """What somebody does with the review that he has."""

    APPROVE = "APPROVE"
    REFUSE = "REFUSE"
    GIVE_BACK = "GIVE_BACK"


class OrderPaidMeanwhile(EvertillError):
    """The order was paid at the very moment in which it was to be refused."""

    code = "ORDER_PAID_MEANWHILE"
    status = "conflict"
    kept = "Nothing was changed."
    remedy = "Look at it again: refusing it now gives the money back."


class NothingToRefund(EvertillError):
    """Refusing this order gives nothing back, so that nobody has to approve that."""

    code = "NOTHING_TO_REFUND"
    status = "conflict"
    remedy = "Refuse the order without asking."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A review as it stands after a step, the order, and what went back with the step; None for nothing."""

    review: Review
    order: orders.Order
    refund: payments.Refund | None = None


def take_review(*, asker: Asker, order_id: int, now: dt.datetime) -> Reviewed:
    """This function will give somebody a review for a while, also his own again, and return it.

    Raises Forbidden (also for his own order), ReviewNotFound, ReviewEnded, and ReviewHeld while another one has it.
    """
    until = now + dt.timedelta(minutes=config.get().review_lease_min)

    def take(review: Review, _intent: payments.Intent | None) -> dict[str, object]:
        holder = review.holder(now)
        if holder not in ("", asker.name):
            raise ReviewHeld("Another person has this review.", by=holder, until=review.taken_until)
        reviews.move(review=review, to=State.TAKEN, actor=asker.name, why="", taken_until=until, now=now)
        return {}

    return _step(asker, order_id, take, operation="orders.take_review", why="", now=now)


def decide_review(
    *, asker: Asker, order_id: int, decision: Decision, why: str, restock: bool = False, now: dt.datetime
) -> Reviewed:
    """This function will approve or refuse an order, or give its review back; raises what take_review raises.

    What was paid for a refused order goes back, and with `restock` its goods on sale. Raises ReviewNotTaken for a
    review that he has not taken, or not in time, OrderPaidMeanwhile, ApprovalRequired, and CodesDelivered.
    """
    refunded: list[payments.Refund] = []

    def decide(review: Review, intent: payments.Intent | None) -> dict[str, object]:
        _check_taken(review, asker, now=now)
        to = _TO[decision]
        reviews.move(review=review, to=to, actor=asker.name, why=why, now=now)
        if to is State.APPROVED:
            orders.release_holds(order_ids=[order_id], subject=subject_of(review), actor=asker.name, now=now)
        elif to is State.REFUSED and intent is None:
            _cancel(order_id, asker, now=now)
        elif to is State.REFUSED and intent is not None:
            refund = _promise_back(review, intent, asker, why=why, restock=restock, now=now)
            if refund is not None:
                refunded.append(refund)
                return _leave(asker, review, intent, refund, why=why, restock=restock, now=now)
        return {}

    operation = f"orders.{decision.value.lower()}_review"
    pays_back = decision is Decision.REFUSE
    done = _step(asker, order_id, decide, operation=operation, why=why, pays_back=pays_back, now=now)
    if not refunded:
        return done
    refund = try_to_send(refunded[0], now=now)
    return Reviewed(review=done.review, order=view_order(order_id=order_id), refund=refund)


def ask_to_refuse(
    *, asker: Asker, order_id: int, why: str, restock: bool = False, why_ask: str, now: dt.datetime
) -> Approval:
    """This function will ask for the approval of exactly what refusing this order gives back; it stays with who has it.

    Raises what decide_review raises, and NothingToRefund.
    """
    wishes: list[Wish] = []

    def look(review: Review, intent: payments.Intent | None) -> dict[str, object]:
        _check_taken(review, asker, now=now)
        if intent is None or not what_returns(intent):
            raise NothingToRefund("Nothing is left to give back.")
        wishes.append(_wish(review, intent, what_returns(intent), why=why, restock=restock))
        return {}

    _step(asker, order_id, look, operation="orders.ask_refuse_review", why=why, pays_back=True, now=now)
    return decide_approvals.ask(asker=asker, wish=wishes[0], why=why_ask, now=now)


_TO = {
    Decision.APPROVE: State.APPROVED,
    Decision.REFUSE: State.REFUSED,
    Decision.GIVE_BACK: State.WAITING,
}


def _promise_back(
    review: Review, intent: payments.Intent, asker: Asker, *, why: str, restock: bool, now: dt.datetime
) -> payments.Refund | None:
    """Promise all that is left of what bought a refused order; None when nothing is, or nothing can be."""
    if not what_returns(intent):
        return None
    digest = crypto.fingerprint(b"refused", review.id.to_bytes(8, "big"))
    asked = RefundOrder(order_id=review.order_id, reason=why, restock=restock, caller=asker.name, key=b"")
    return promise(asked, intent, key_digest=digest, body_digest=None, actor=asker.name, now=now)


def what_returns(intent: payments.Intent) -> int:
    """This function will return what goes back with a refusal, in minor units.

    Nothing where a part went back or is disputed, and the provider gives back the whole only: staff see to that.
    """
    left = max(left_of(intent), 0)
    is_whole = intent.captured is not None and left == intent.captured.amount - intent.refunded
    can_be_part = payments.Capability.PARTIAL_REFUND in payments.provider(intent.provider).capabilities
    return left if is_whole or can_be_part else 0


def _leave(
    asker: Asker,
    review: Review,
    intent: payments.Intent,
    refund: payments.Refund,
    *,
    why: str,
    restock: bool,
    now: dt.datetime,
) -> dict[str, object]:
    """Use up the approval that a large refund takes, and return what goes on record of it."""
    told: dict[str, object] = {"refund": refund.number, "amount": refund.amount, "currency": intent.expected.currency}
    # It is promised, so it counts already.
    if takes_two(intent, more=0):
        wish = _wish(review, intent, refund.amount, why=why, restock=restock)
        told["approved_by"] = approved(asker=asker, wish=wish, now=now)
    return told


def takes_two(intent: payments.Intent, *, more: int) -> bool:
    """This function will say whether refunds of a sale, with so much more, are beyond what one gives back alone."""
    given = payments.sum_promised(intent_id=intent.id, kind=payments.RefundKind.SALE)
    return given + more > preferences.number(preferences.Name.REFUND_ALONE_MAX)


def _wish(review: Review, intent: payments.Intent, amount: int, *, why: str, restock: bool) -> Wish:
    return Wish(
        permission=Permission.ORDERS_REVIEW,
        subject=Subject(kind="review", id=ids.to_number(review.order_id)),
        content={
            "review": ids.to_number(review.id),
            "amount": amount,
            "currency": intent.expected.currency,
            "restock": restock,
            "why": why,
        },
        touched=buyers_of(review.order_id),
    )


def ask_customer(*, asker: Asker, order_id: int, question: str, now: dt.datetime) -> Reviewed:
    """This function will ask an order's customer, who is told that there is a question and answers on the order's page.

    Anybody may take and decide the review meanwhile. Raises what decide_review raises, TextUnfit and TooManyQuestions.
    """

    def ask(review: Review, _intent: payments.Intent | None) -> dict[str, object]:
        _check_taken(review, asker, now=now)
        asked = reviews.ask(review=review, question=question, actor=asker.name, now=now)
        tell_asked(order=view_order(order_id=order_id), asked=asked, now=now)
        return {}

    # The question stands with the review, where it can be forgotten; the trail keeps what it is told.
    return _step(asker, order_id, ask, operation="orders.ask_customer", why="", now=now)


# Does one step, and returns what of it goes on record. It gets the payment that has bought the order, locked, where the
# step pays back and there is one.
_Step = Callable[[Review, payments.Intent | None], dict[str, object]]


def _step(
    asker: Asker,
    order_id: int,
    step: _Step,
    *,
    operation: str,
    why: str,
    pays_back: bool = False,
    now: dt.datetime,
) -> Reviewed:
    """One step of a review in one transaction, with its record."""
    subject = Subject(kind="order", id=ids.to_number(order_id))
    with permitted(asker=asker, permission=Permission.ORDERS_REVIEW, subject=subject, now=now):
        intent = _lock_buyer(order_id) if pays_back else None
        before = _lock(order_id, asker)
        if pays_back and intent is None and payments.find_buyer(order_id=order_id) is not None:
            raise OrderPaidMeanwhile("This order was paid at this moment.")
        told = step(before, intent)
        after = reviews.lock_review(order_id=order_id)
        assert after is not None  # noqa: S101 — it is locked.
        trail.write(
            actor=asker.actor,
            operation=operation,
            subject=subject,
            before={"review": ids.to_number(before.id), "state": before.state.value},
            after={"state": after.state.value, **told},
            why=why[:500],
            now=now,
        )
        return Reviewed(review=after, order=view_order(order_id=order_id))


def _lock_buyer(order_id: int) -> payments.Intent | None:
    """Lock the payment that bought an order, before the order itself as everywhere; None when nobody has paid."""
    intent_id = payments.find_buyer(order_id=order_id)
    return payments.lock_intent(intent_id=intent_id) if intent_id is not None else None


def _lock(order_id: int, asker: Asker) -> Review:
    if orders.lock_order(order_id=order_id) is None:
        raise OrderNotFound("There is no order with this number.")
    if asker.account_id is not None and orders.read_owner(order_id=order_id) == asker.account_id:
        raise Forbidden(Objection.SELF, permission=Permission.ORDERS_REVIEW)
    review = reviews.lock_review(order_id=order_id)
    if review is None:
        raise ReviewNotFound("This order was never to be reviewed.")
    if review.state in reviews.ENDED:
        raise ReviewEnded(f"This review is {review.state.value}.", state=review.state.value, by=review.taken_by)
    return review


def _check_taken(review: Review, asker: Asker, *, now: dt.datetime) -> None:
    holder = review.holder(now)
    if holder == asker.name:
        return
    if holder:
        raise ReviewHeld("Another person has this review.", by=holder, until=review.taken_until)
    raise ReviewNotTaken("This review is not yours, or your time is over.")


def _cancel(order_id: int, asker: Asker, *, now: dt.datetime) -> None:
    """Cancel an order that nobody has paid. Money that comes later finds it held, and the review refused."""
    order = view_order(order_id=order_id)
    moved = orders.change_state(order_ids=[order_id], to=orders.State.CANCELLED, actor=asker.name, now=now)
    if moved:
        stock.release(pieces={order_id: orders.pieces_by_sku(order.lines)}, now=now)
