"""Compensate a customer for what went wrong, as the declared policy says: once for each order and cause, within caps.

To a prepaid balance, in the same transaction; or as a refund of what was paid, which is promised in it. Above what its
rule lets one person give, exactly this has to be approved by another.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence

import msgspec

from evertill.domains import balances, claims, ledger, orders, payments, trail
from evertill.domains.access import Permission, Thing
from evertill.domains.approvals import Approval
from evertill.domains.claims import About, Award, Cap, Claim, Due, Policy, Rule, Way
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.find_claimed import of_order
from evertill.journeys.permitted import Asker, Wish, approved, buyers_of, check_permitted, permitted, recording_refusals
from evertill.journeys.refund_order import RefundOrder, refund_order
from evertill.journeys.tell_claimants import tell_compensated
from evertill.journeys.view_claim import ClaimNotFound
from evertill.journeys.view_order import OrderNotFound, view_order
from evertill.kernel import contacts, crypto, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money

__all__ = [
    "ClaimNotFound",
    "Compensate",
    "NotProved",
    "NothingDue",
    "OrderNotFound",
    "PolicyInvalid",
    "ask_to_compensate",
    "ask_to_declare",
    "compensate_claim",
    "declare_policy",
    "list_policies",
    "weigh_compensation",
]


PolicyInvalid = claims.compensation.PolicyInvalid


class NothingDue(EvertillError):
    """The policy promises nothing for this, or what it promises was given already, or a cap is reached."""

    code = "NOTHING_DUE"
    status = "conflict"
    remedy = "Look at the policy and at what was given. Whoever may declares another policy."


class NotProved(EvertillError):
    """A balance is given to whoever filed the claim, and he has not proved that the order is his."""

    code = "NOT_PROVED"
    status = "conflict"
    remedy = "Have him prove his address on the claim's page, or refund: that goes to whoever paid."


class Compensate(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be given: for which order, because of what, how many days late, and how it is paid.

    `version` is the policy that was looked at. A balance is opened anew: its token is on the claim's page, for nobody
    but who proved that the order is his.
    """

    claim_id: int
    order_id: int
    about: About
    way: Way
    delay_days: int = 0
    version: int
    why: str


class _Found(Exception):
    """What would be given; raised so that nothing of it is kept."""

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self.wish = wish


def weigh_compensation(
    *, asker: Asker, claim_id: int, order_id: int, about: About, delay_days: int, now: dt.datetime
) -> Due:
    """This function will return what the policy in force comes to for an order, and how; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.CLAIMS_READ, subject=_subject(claim_id), now=now):
        return _due(view_order(order_id=order_id), about, delay_days, now=now)


def compensate_claim(*, asker: Asker, asked: Compensate, now: dt.datetime) -> Award:
    """This function will give a customer what the policy comes to, and return what was given.

    Raises Forbidden, also for his own order, ApprovalRequired, ClaimNotFound, OrderNotFound, NothingDue, NotProved,
    AlreadyGiven, PolicyChanged, and what refund_order raises.
    """
    return _give(asker, asked, is_asking=False, now=now)


def ask_to_compensate(*, asker: Asker, asked: Compensate, why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval of exactly this; raises what compensate_claim raises."""
    try:
        _give(asker, asked, is_asking=True, now=now)
    except _Found as found:
        thing = _thing(view_order(order_id=asked.order_id))
        return decide_approvals.ask(asker=asker, wish=found.wish, why=why, thing=thing, now=now)
    raise decide_approvals.ApprovalNotOpen("This was given already.")


def _give(asker: Asker, asked: Compensate, *, is_asking: bool, now: dt.datetime) -> Award:
    (award_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    if asked.way is Way.BALANCE:
        with permitted(asker=asker, permission=Permission.COMPENSATION_GIVE, subject=_subject(asked.claim_id), now=now):
            return _to_balance(asker, asked, award_id, is_asking=is_asking, now=now)
    with recording_refusals(asker=asker, subject=_subject(asked.claim_id), now=now):
        check_permitted(asker=asker, permission=Permission.COMPENSATION_GIVE)
        return _as_refund(asker, asked, award_id, is_asking=is_asking, now=now)


def _to_balance(asker: Asker, asked: Compensate, award_id: int, *, is_asking: bool, now: dt.datetime) -> Award:
    order, claim, due = _check(asker, asked, now=now)
    if not claims.is_his(candidate=of_order(order), proofs=claim.proofs):
        raise NotProved("Who filed this claim has not proved that the order is his.")
    by = _leave(asker, asked, due, is_asking=is_asking, now=now)
    (balance_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    balances.open_one(balance_id=balance_id, currency=order.currency, now=now)
    award = _award(asker, asked, due, award_id=award_id, target_id=balance_id, approved_by=by, now=now)
    _keep(asker, award, order, claim, now=now)
    entry = ledger.standard.compensation(
        reference=award.number, customer=ids.to_number(balance_id), amount=award.amount
    )
    (outcome,) = ledger.post(transactions=[entry], now=now)
    if not isinstance(outcome, ledger.Posted):
        raise outcome
    return award


def _as_refund(asker: Asker, asked: Compensate, award_id: int, *, is_asking: bool, now: dt.datetime) -> Award:
    given: list[Award] = []

    def leave(_intent: payments.Intent, refund: payments.Refund) -> None:
        order, claim, due = _check(asker, asked, now=now)
        if due.amount.amount != refund.amount:
            raise NothingDue("Something else was given meanwhile, so that this comes to another amount.")
        by = _leave(asker, asked, due, is_asking=is_asking, now=now)
        given.append(_award(asker, asked, due, award_id=award_id, target_id=refund.id, approved_by=by, now=now))
        _keep(asker, given[-1], order, claim, now=now)

    expected = _due(view_order(order_id=asked.order_id), asked.about, asked.delay_days, now=now)
    _refuse_nothing(expected)
    # Under a key of its own for each order and cause, so that a repeat finds the first one.
    key = crypto.fingerprint(b"compensation", asked.order_id.to_bytes(8, "big"), asked.about.value.encode())
    before = claims.queries.find_award(order_id=asked.order_id, about=asked.about)
    if before is not None:
        raise claims.operations.AlreadyGiven("Something was given for this order and this cause already.")
    refund_order(
        asked=RefundOrder(
            order_id=asked.order_id,
            amount=expected.amount.amount,
            reason=f"compensation {asked.about.value.lower()}: {asked.why}"[:200],
            caller="claims",
            key=key,
        ),
        actor=asker.name,
        now=now,
        leave=leave,
    )
    if not given:
        raise claims.operations.AlreadyGiven("Something was given for this order and this cause already.")
    return given[0]


def _check(asker: Asker, asked: Compensate, *, now: dt.datetime) -> tuple[orders.Order, Claim, Due]:
    """Read everything again that decides, in the transaction, once nobody else gives anything."""
    order = view_order(order_id=asked.order_id)
    check_permitted(asker=asker, permission=Permission.COMPENSATION_GIVE, thing=_thing(order))
    claim = claims.operations.lock(claim_id=asked.claim_id)
    if claim is None:
        raise ClaimNotFound("There is no such claim.")
    claims.operations.hold_caps(currency=order.currency)
    if claims.queries.find_award(order_id=order.id, about=asked.about) is not None:
        raise claims.operations.AlreadyGiven("Something was given for this order and this cause already.")
    due = _due(order, asked.about, asked.delay_days, now=now)
    if due.version != asked.version:
        raise claims.operations.PolicyChanged("Another policy has been declared since this was looked at.")
    _refuse_nothing(due)
    return order, claim, due


def _due(order: orders.Order, about: About, delay_days: int, *, now: dt.datetime) -> Due:
    given = claims.queries.sum_given(order_id=order.id, customer=_customer(order), currency=order.currency, now=now)
    price = Money(amount=order.total, currency=order.currency)
    policy = claims.queries.read_policy()
    return claims.compensation.due(policy=policy, about=about, price=price, delay_days=delay_days, given=given)


def _refuse_nothing(due: Due) -> None:
    if due.amount.amount <= 0:
        limits = ", ".join(limit.value for limit in due.limits)
        why = f"what is left of a cap is nothing ({limits})" if limits else "the policy promises nothing for this"
        raise NothingDue(f"Nothing is due: {why}.")


def _leave(asker: Asker, asked: Compensate, due: Due, *, is_asking: bool, now: dt.datetime) -> str:
    """Return who approved it, "" where nobody has to."""
    if is_asking:
        raise _Found(_wish(asked, due))
    return approved(asker=asker, wish=_wish(asked, due), now=now) if due.needs_approval else ""


def _award(
    asker: Asker, asked: Compensate, due: Due, *, award_id: int, target_id: int, approved_by: str, now: dt.datetime
) -> Award:
    return Award(
        id=award_id,
        number=ids.to_number(award_id),
        claim_id=asked.claim_id,
        order_id=asked.order_id,
        about=asked.about,
        way=asked.way,
        amount=due.amount,
        version=due.version,
        rule=due.rule or 0,
        delay_days=due.delay_days,
        target_id=target_id,
        given_at=now,
        given_by=asker.name,
        approved_by=approved_by,
        why=asked.why,
    )


def _keep(asker: Asker, award: Award, order: orders.Order, claim: Claim, *, now: dt.datetime) -> None:
    claims.operations.award(given=award, customer=_customer(order))
    if claims.is_his(candidate=of_order(order), proofs=claim.proofs):
        # Whoever did not prove that it is his is told nothing; a refund's own message goes to who paid.
        tell_compensated(claim=claim, award=award, now=now)
    claims.operations.note(claim_id=award.claim_id, kind="claim.compensated", actor=asker.name, now=now)
    trail.write(
        actor=asker.actor,
        operation=Permission.COMPENSATION_GIVE.value,
        subject=_subject(award.claim_id),
        after={
            "award": award.number,
            "order": ids.to_number(order.id),
            "about": award.about.value,
            "way": award.way.value,
            "target": ids.to_number(award.target_id),
            "amount": award.amount.amount,
            "currency": award.amount.currency,
            "policy": award.version,
            "rule": award.rule,
            "delay_days": award.delay_days,
            "approved_by": award.approved_by,
        },
        why=award.why,
        now=now,
    )


def _wish(asked: Compensate, due: Due) -> Wish:
    return Wish(
        permission=Permission.COMPENSATION_GIVE,
        subject=_subject(asked.claim_id),
        content={
            "order": ids.to_number(asked.order_id),
            "about": asked.about.value,
            "way": asked.way.value,
            "amount": due.amount.amount,
            "currency": due.amount.currency,
            "policy": due.version,
            "delay_days": due.delay_days,
            "why": asked.why,
        },
        touched=buyers_of(asked.order_id),
    )


def list_policies(*, asker: Asker, limit: int, now: dt.datetime) -> list[Policy]:
    """This function will return the versions of the policy, the one in force first; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.CLAIMS_READ, subject=_POLICY, now=now):
        return claims.queries.list_policies(limit=limit)


def declare_policy(
    *, asker: Asker, seen: int, rules: Sequence[Rule], caps: Sequence[Cap], why: str, now: dt.datetime
) -> Policy:
    """This function will put another policy into force, once another person has approved exactly this.

    `seen` is the version that was looked at, 0 before there was any. Raises Forbidden, ApprovalRequired, PolicyInvalid
    and PolicyChanged.
    """
    claims.compensation.check(rules=rules, caps=caps)
    with permitted(asker=asker, permission=Permission.COMPENSATION_DEFINE, subject=_POLICY, now=now):
        wish = _policy_wish(seen, rules, caps)
        by = approved(asker=asker, wish=wish, now=now)
        policy = claims.operations.declare(seen=seen, rules=rules, caps=caps, actor=asker.name, why=why, now=now)
        trail.write(
            actor=asker.actor,
            operation=Permission.COMPENSATION_DEFINE.value,
            subject=_POLICY,
            before={"version": seen},
            after=dict(wish.content) | {"version": policy.version, "approved_by": by},
            why=why,
            now=now,
        )
    return policy


def ask_to_declare(
    *, asker: Asker, seen: int, rules: Sequence[Rule], caps: Sequence[Cap], why: str, now: dt.datetime
) -> Approval:
    """This function will ask for the approval of exactly this policy; raises Forbidden and PolicyInvalid."""
    claims.compensation.check(rules=rules, caps=caps)
    return decide_approvals.ask(asker=asker, wish=_policy_wish(seen, rules, caps), why=why, now=now)


_POLICY = Subject(kind="policy", id="compensation")


def _policy_wish(seen: int, rules: Sequence[Rule], caps: Sequence[Cap]) -> Wish:
    content = {"seen": seen, "rules": msgspec.to_builtins(list(rules)), "caps": msgspec.to_builtins(list(caps))}
    return Wish(permission=Permission.COMPENSATION_DEFINE, subject=_POLICY, content=content)


def _customer(order: orders.Order) -> str:
    """Who is counted as one customer: the account, or else the address that the order was placed with."""
    if order.account_id is not None:
        return f"account:{order.account_id}"
    return contacts.spell_email(order.email) or order.phone


def _thing(order: orders.Order) -> Thing:
    return Thing(kind="order", id=ids.to_number(order.id), owner=order.account_id)


def _subject(claim_id: int) -> Subject:
    return Subject(kind="claim", id=ids.to_number(claim_id))
