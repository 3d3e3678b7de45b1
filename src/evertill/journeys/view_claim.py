"""View a claim, as who filed it: what he handed in, and of what was found only what he proved to be his.

Somebody who knows an address, a number or an amount of another person's order may file a claim about it. What he reads
then is the same whether there is such an order or not. Proofs are three: a genuine receipt of the order, being signed
in as its owner, a code that was sent to the claim's contact, where that is the address of a guest's order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from evertill.domains import balances, claims, identity, orders, submissions
from evertill.domains.accounts import AddressKind
from evertill.domains.claims import Candidate, Claim, Clues, Decision, Proofs, Source, State
from evertill.domains.identity import Session
from evertill.journeys.find_claimed import of_order
from evertill.journeys.send_code import SentCode, is_open, send_code
from evertill.journeys.sign_in import CodeWrong
from evertill.kernel import db, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money

__all__ = [
    "ClaimNotFound",
    "CodeWrong",
    "Found",
    "Shown",
    "Stage",
    "begin_proof",
    "find_claim",
    "finish_proof",
    "is_filed_by",
    "opens_claim",
    "view_claim",
    "withdraw_claim",
]


class ClaimNotFound(EvertillError):
    """There is no such claim."""

    code = "CLAIM_NOT_FOUND"
    status = "not_found"
    remedy = "Check the number; the address of the claim's page opens it."


class Stage(StrEnum):
    """How far a claim has come, as who filed it is told: the same whether anything was found or not."""

    FILED = "FILED"
    WITH_STAFF = "WITH_STAFF"
    ANSWERED = "ANSWERED"
    WITHDRAWN = "WITHDRAWN"


_STAGES = {
    State.FILED: Stage.FILED,
    # Which of the two it is would tell strangers whose address, number or amount the shop knows.
    State.FOUND: Stage.WITH_STAFF,
    State.NOTHING: Stage.WITH_STAFF,
    State.ANSWERED: Stage.ANSWERED,
    State.WITHDRAWN: Stage.WITHDRAWN,
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is his, as he is told of it: no address, no account, no token."""

    source: Source
    number: str
    at: dt.datetime | None
    total: Money | None
    state: str = ""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What he was given: how much, and the balance with the token that pays from it, or "" where it was refunded."""

    amount: Money
    balance: str
    token: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A claim as who filed it reads it. `can_prove` says that a code can be sent to his contact to prove that.

    `found` is what is his of what was found, best first; `answered` is the order that staff say it is about, if it is
    his, and `decision` what they did with it. None of it tells whether there is something else.
    """

    number: str
    state: Stage
    about: claims.About
    clues: Clues
    contact: str
    words: str
    filed_at: dt.datetime
    is_proved: bool
    can_prove: bool
    found: tuple[Found, ...]
    decision: Decision | None
    answered: Found | None
    answer: str
    given: tuple[Given, ...]
    decided_at: dt.datetime | None


def opens_claim(token: str, *, claim_id: int) -> bool:
    """This function will say whether a token opens a claim."""
    return claims.opened_by(token, claim_id=claim_id)


def is_filed_by(session: Session, *, claim_id: int) -> bool:
    """This function will say whether a claim was filed by who is signed in."""
    claim = claims.queries.find(claim_id=claim_id)
    return claim is not None and claim.account_id == session.account_id


def view_claim(*, claim_id: int) -> Shown:
    """This function will return a claim as who filed it reads it; raises ClaimNotFound."""
    claim = find_claim(claim_id=claim_id)
    findings = claim.search.findings if claim.search is not None else ()
    his = [found for finding in findings if (found := _if_his(finding, claim.proofs)) is not None]
    answered = None
    if claim.order_id is not None:
        order = orders.read_orders(order_ids=[claim.order_id]).get(claim.order_id)
        answered = _told(of_order(order), claim.proofs, state=order.state.value) if order else None
    return Shown(
        number=claim.number,
        state=_STAGES[claim.state],
        about=claim.about,
        clues=claim.clues,
        contact=claim.contact,
        words=claim.words,
        filed_at=claim.filed_at,
        is_proved=not claim.proofs.is_empty,
        can_prove=not claim.proofs.email and not claim.proofs.phone and is_open(_kind(claim.contact)),
        found=tuple(his),
        decision=claim.decision if answered else None,
        answered=answered,
        answer=claim.answer,
        given=tuple(_given(claim)),
        decided_at=claim.decided_at,
    )


def begin_proof(*, claim_id: int, caller: str, language: str, now: dt.datetime) -> SentCode:
    """This function will send a code to a claim's contact; raises ClaimNotFound and what send_code raises."""
    claim = find_claim(claim_id=claim_id)
    return send_code(
        purpose=_purpose(claim),
        kind=_kind(claim.contact),
        address=claim.contact,
        caller=caller,
        language=language,
        now=now,
    )


def finish_proof(*, claim_id: int, code_id: str, digits: str, now: dt.datetime) -> None:
    """This function will keep that the claim's contact is his who filed it; raises ClaimNotFound, CodeWrong."""
    claim = find_claim(claim_id=claim_id)
    with db.write():
        is_right = identity.codes.use(
            code_id=code_id, purpose=_purpose(claim), address=claim.contact, digits=digits, now=now
        )
        if is_right:
            held = claims.operations.lock(claim_id=claim_id) or claim
            name = "email" if _kind(claim.contact) == AddressKind.EMAIL.value else "phone"
            proofs = msgspec.structs.replace(held.proofs, **{name: claim.contact})
            claims.operations.keep_proofs(claim_id=claim_id, proofs=proofs, actor="customer", now=now)
    # Raised only now: that the code was tried is to be kept.
    if not is_right:
        raise CodeWrong("This is not the code that was sent, or it was used, or it is too old.")


def withdraw_claim(*, claim_id: int, now: dt.datetime) -> None:
    """This function will end a claim that its customer takes back; raises ClaimNotFound, ClaimMoved."""
    with db.write():
        if claims.operations.lock(claim_id=claim_id) is None:
            raise ClaimNotFound("There is no such claim.")
        claims.operations.withdraw(claim_id=claim_id, actor="customer", now=now)


def _given(claim: Claim) -> Iterator[Given]:
    """What was given because of a claim, to who proved that its order is his; a new balance's token opens it."""
    for award in claims.queries.awards_of_claim(claim_id=claim.id):
        order = orders.read_orders(order_ids=[award.order_id]).get(award.order_id)
        if order is None or not claims.is_his(candidate=of_order(order), proofs=claim.proofs):
            continue
        is_balance = award.way is claims.Way.BALANCE
        yield Given(
            amount=award.amount,
            balance=ids.to_number(award.target_id) if is_balance else "",
            token=balances.balance_token(award.target_id) if is_balance else "",
        )


def find_claim(*, claim_id: int) -> Claim:
    """This function will return a claim as it is kept; raises ClaimNotFound."""
    claim = claims.queries.find(claim_id=claim_id)
    if claim is None:
        raise ClaimNotFound("There is no such claim.")
    return claim


def _if_his(finding: claims.Finding, proofs: Proofs) -> Found | None:
    """What a finding is now, if it is his; of payments nobody can be told whose they are but by their order."""
    if proofs.is_empty:
        return None
    if finding.source is Source.ORDER and finding.order_id is not None:
        order = orders.read_orders(order_ids=[finding.order_id]).get(finding.order_id)
        return _told(of_order(order), proofs, state=order.state.value) if order else None
    if finding.source is Source.RECEIPT and finding.order_id == proofs.order_id:
        return Found(source=finding.source, number=finding.name, at=None, total=None)
    if finding.source is Source.SUBMISSION:
        kept = submissions.find(submission_id=ids.from_number(finding.name))
        return _told(_of_submission(kept), proofs, state=kept.state.value) if kept else None
    return None


def _of_submission(kept: submissions.Submission) -> Candidate:
    failed = kept.failed
    return Candidate(
        source=Source.SUBMISSION,
        name=ids.to_number(failed.id),
        order_id=kept.order_id,
        emails=(failed.email,),
        phones=(failed.phone,),
        account_id=failed.account_id,
        currency=failed.currency,
        total=failed.total,
        at=kept.first_failed_at,
    )


def _told(candidate: Candidate, proofs: Proofs, *, state: str) -> Found | None:
    if not claims.is_his(candidate=candidate, proofs=proofs):
        return None
    total = Money(amount=candidate.total, currency=candidate.currency) if candidate.total is not None else None
    return Found(source=candidate.source, number=candidate.name, at=candidate.at, total=total, state=state)


def _kind(contact: str) -> str:
    return AddressKind.EMAIL.value if "@" in contact else AddressKind.PHONE.value


def _purpose(claim: Claim) -> str:
    return f"claim:{claim.number}"
