"""Decide a claim, as staff: see the clues beside what was found, and answer it.

The order was here; it was lost, and is put back from its receipt; or there is nothing. What was lost through the shop's
fault is compensated apart from that (`compensate_claim.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from evertill.domains import claims, orders, trail
from evertill.domains.access import Permission, Thing
from evertill.domains.approvals import Approval
from evertill.domains.claims import Award, Claim, Decision, Finding, Proofs, Search, State
from evertill.domains.trail import Subject
from evertill.journeys import rebuild_order, recover_order, tell_claimants
from evertill.journeys.find_claimed import find_claimed, of_order
from evertill.journeys.permitted import Asker, check_permitted, looking, permitted
from evertill.journeys.rebuild_order import RebuildOrder, Rebuilt
from evertill.journeys.recover_order import RecoverOrder
from evertill.journeys.view_claim import ClaimNotFound, find_claim
from evertill.kernel import contacts, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import check_unchanged

__all__ = [
    "AnswerMissing",
    "Claim",
    "ClaimNotFound",
    "Decision",
    "OrderUnknown",
    "ReceiptNotGiven",
    "RecoverOrder",
    "Weighed",
    "answer_claim",
    "ask_to_rebuild",
    "ask_to_recover",
    "list_claims",
    "look_again",
    "read_claim",
    "rebuild_claimed",
    "recover_claimed",
    "view_as_staff",
]

_EVENTS_MAX = 100


class AnswerMissing(EvertillError):
    """A claim is answered in words, which its customer reads."""

    code = "ANSWER_MISSING"
    remedy = "Say in a sentence or two what was found, and what happens now."


class OrderUnknown(EvertillError):
    """The order that a claim is to be about is not in the shop."""

    code = "ORDER_UNKNOWN"
    status = "not_found"
    remedy = "Check the number. A lost order is put back first, from its receipt or from a backup."


class ReceiptNotGiven(EvertillError):
    """A claim has no receipt, so nothing can be put back from it."""

    code = "RECEIPT_NOT_GIVEN"
    status = "conflict"
    remedy = "Ask the customer for the receipt, or look for the order in a backup."


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as staff see it: its order as it is now, and whether what was proved makes it the claimant's."""

    finding: Finding
    order: orders.Order | None
    is_his: bool


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A claim with everything that staff need to decide it."""

    claim: Claim
    weighed: tuple[Weighed, ...]
    events: Sequence[claims.Happened]
    awards: Sequence[Award]


def list_claims(
    *, asker: Asker, every: bool = False, behind: tuple[dt.datetime, int] | None = None, limit: int, now: dt.datetime
) -> list[Claim]:
    """This function will return claims that wait, the oldest first, or all, the latest first; raises Forbidden."""
    subject = Subject(kind="claims", id="list")
    with looking(asker=asker, permission=Permission.CLAIMS_READ, subject=subject, now=now) as look:
        read = claims.queries.list_latest if every else claims.queries.list_open
        found = read(behind=behind, limit=limit)
        look.note(found=len(found))
    return found


def view_as_staff(*, asker: Asker, claim_id: int, now: dt.datetime) -> Opened:
    """This function will return a claim with its evidence; raises Forbidden, ClaimNotFound."""
    with looking(asker=asker, permission=Permission.CLAIMS_READ, subject=_subject(claim_id), now=now):
        claim = find_claim(claim_id=claim_id)
        findings = claim.search.findings if claim.search is not None else ()
        known = orders.read_orders(order_ids=[one.order_id for one in findings if one.order_id is not None])
        return Opened(
            claim=claim,
            weighed=tuple(_weighed(one, known, claim.proofs) for one in findings),
            events=claims.queries.read_events(claim_id=claim_id, limit=_EVENTS_MAX),
            awards=claims.queries.awards_of_claim(claim_id=claim_id),
        )


def read_claim(*, asker: Asker, claim_id: int, now: dt.datetime) -> Claim:
    """This function will return a claim for a page that shows nothing of its customer; raises ClaimNotFound."""
    with permitted(asker=asker, permission=Permission.CLAIMS_READ, subject=_subject(claim_id), now=now):
        return find_claim(claim_id=claim_id)


def look_again(*, asker: Asker, claim_id: int, now: dt.datetime) -> Search:
    """This function will look once more for what a claim is about; raises Forbidden, ClaimNotFound, ClaimMoved."""
    with permitted(asker=asker, permission=Permission.CLAIMS_HANDLE, subject=_subject(claim_id), now=now):
        claim = _lock(asker, claim_id)
        search = find_claimed(clues=claim.clues, now=now)
        claims.operations.keep_search(claim_id=claim_id, search=search, actor=asker.name, now=now)
        _record(asker, "claims.look_again", claim_id, after={"found": len(search.findings)}, now=now)
    return search


def answer_claim(
    *,
    asker: Asker,
    claim_id: int,
    decision: Decision,
    order_id: int | None = None,
    answer: str,
    seen: int | None = None,
    now: dt.datetime,
) -> None:
    """This function will answer a claim: its order is here (SHOWN), or there is nothing (NOTHING_FOUND).

    `seen` is the version that was looked at. Raises Forbidden, ClaimNotFound, ClaimMoved, AnswerMissing, OrderUnknown
    and ChangedMeanwhile.
    """
    with permitted(asker=asker, permission=Permission.CLAIMS_HANDLE, subject=_subject(claim_id), now=now):
        claim = _lock(asker, claim_id, seen=seen)
        if decision is Decision.SHOWN and (order_id is None or not orders.read_orders(order_ids=[order_id])):
            raise OrderUnknown("The shop has no such order.")
        _answer(asker, claim, decision, order_id if decision is Decision.SHOWN else None, answer, why="", now=now)


def rebuild_claimed(
    *,
    asker: Asker,
    claim_id: int,
    answer: str,
    paid: str = "",
    why: str,
    seen: int | None = None,
    now: dt.datetime,
) -> Rebuilt:
    """This function will put back the lost order of a claim's receipt, and answer the claim with it.

    `paid` names the line of a bill by which its money came in, "" for none. It takes the permission to rebuild, and
    another person's approval of exactly this. Raises Forbidden, ApprovalRequired, ClaimNotFound, ClaimMoved,
    ReceiptNotGiven, AnswerMissing, ChangedMeanwhile, and what rebuild_order raises.
    """
    with permitted(asker=asker, permission=Permission.CLAIMS_HANDLE, subject=_subject(claim_id), now=now):
        claim = _lock(asker, claim_id, seen=seen)
        rebuilt = rebuild_order.rebuild_order(asker=asker, asked=_asked(claim, paid=paid, why=why), now=now)
        _answer(asker, claim, Decision.REBUILT, rebuilt.order.id, answer, why=why, now=now)
    return rebuilt


def ask_to_rebuild(*, asker: Asker, claim_id: int, paid: str = "", why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval of putting a claim's order back; raises what rebuild_claimed raises."""
    return rebuild_order.ask_to_rebuild(
        asker=asker, asked=_asked(find_claim(claim_id=claim_id), paid=paid, why=why), now=now
    )


def recover_claimed(
    *, asker: Asker, claim_id: int, asked: RecoverOrder, answer: str, seen: int | None = None, now: dt.datetime
) -> Rebuilt:
    """This function will put back an order that a search of the backups found, and answer the claim with it.

    Raises what rebuild_claimed raises, and what recover_order raises.
    """
    with permitted(asker=asker, permission=Permission.CLAIMS_HANDLE, subject=_subject(claim_id), now=now):
        claim = _lock(asker, claim_id, seen=seen)
        rebuilt = recover_order.recover_order(asker=asker, asked=asked, now=now)
        _answer(asker, claim, Decision.RECOVERED, rebuilt.order.id, answer, why=asked.why, now=now)
    return rebuilt


def ask_to_recover(*, asker: Asker, asked: RecoverOrder, now: dt.datetime) -> Approval:
    """This function will ask for the approval of that; raises what recover_claimed raises."""
    return recover_order.ask_to_recover(asker=asker, asked=asked, now=now)


def _asked(claim: Claim, *, paid: str, why: str) -> RebuildOrder:
    """What is put back: how its customer is reached is what he gave when he ordered, which the receipt can check."""
    if not claim.clues.receipt:
        raise ReceiptNotGiven("This claim has no receipt.")
    email, phone = claim.clues.email, claim.clues.phone if claim.clues.phone.startswith("+") else ""
    if not email and not phone:
        email, phone = (claim.contact, "") if contacts.is_email(claim.contact) else ("", claim.contact)
    return RebuildOrder(
        text=claim.clues.receipt,
        email=email,
        phone=phone,
        language=claim.language,
        account_id=claim.account_id,
        paid=paid,
        why=why,
    )


def _answer(
    asker: Asker, claim: Claim, decision: Decision, order_id: int | None, answer: str, *, why: str, now: dt.datetime
) -> None:
    if not answer.strip():
        raise AnswerMissing("There is no answer in words.")
    claims.operations.decide(
        claim_id=claim.id, decision=decision, order_id=order_id, answer=answer.strip(), actor=asker.name, now=now
    )
    tell_claimants.tell_answered(claim=claim, now=now)
    after = {"decision": decision.value, "order": ids.to_number(order_id) if order_id is not None else ""}
    _record(asker, "claims.answer", claim.id, before={"state": claim.state.value}, after=after, why=why, now=now)


def _weighed(finding: Finding, known: Mapping[int, orders.Order], proofs: Proofs) -> Weighed:
    order = known.get(finding.order_id) if finding.order_id is not None else None
    is_his = order is not None and claims.is_his(candidate=of_order(order), proofs=proofs)
    by_receipt = proofs.order_id is not None and proofs.order_id == finding.order_id
    return Weighed(finding=finding, order=order, is_his=is_his or by_receipt)


def _lock(asker: Asker, claim_id: int, *, seen: int | None = None) -> Claim:
    """Lock a claim for somebody who may handle it, and has not filed it himself."""
    claim = claims.operations.lock(claim_id=claim_id)
    if claim is None:
        raise ClaimNotFound("There is no such claim.")
    thing = Thing(kind="claim", id=ids.to_number(claim_id), owner=claim.account_id)
    check_permitted(asker=asker, permission=Permission.CLAIMS_HANDLE, thing=thing)
    if seen is not None:
        check_unchanged(what="This claim", seen={"version": seen}, now={"version": claim.version})
    if claim.state in (State.ANSWERED, State.WITHDRAWN):
        raise claims.operations.ClaimMoved("This claim has been answered or withdrawn.")
    return claim


def _subject(claim_id: int) -> Subject:
    return Subject(kind="claim", id=ids.to_number(claim_id))


def _record(
    asker: Asker,
    operation: str,
    claim_id: int,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    why: str = "",
    now: dt.datetime,
) -> None:
    trail.write(
        actor=asker.actor,
        operation=operation,
        subject=_subject(claim_id),
        before=before,
        after=after,
        why=why,
        now=now,
    )
