"""Writes of claims. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import msgspec

from evertill.domains.claims import rules
from evertill.domains.claims.compensation import check
from evertill.domains.claims.queries import customer_digest, read_policy, to_claim
from evertill.domains.claims.types import (
    Award,
    Cap,
    Claim,
    Decision,
    NewClaim,
    Policy,
    Proofs,
    Rule,
    Search,
    Standing,
    State,
)
from evertill.kernel import db, sql
from evertill.kernel.arrays import Texts
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.claims"
_ACTOR_CHARS, _ANSWER_CHARS, _WHY_CHARS = 64, 1000, 200


class ClaimMoved(EvertillError):
    """The claim has been answered or withdrawn, so this cannot be done with it any more."""

    code = "CLAIM_MOVED"
    status = "conflict"
    kept = "It stays as it is."
    remedy = "Look at it again; who has something to add can have it looked for anew."


class PolicyChanged(EvertillError):
    """Somebody else has declared another policy meanwhile."""

    code = "POLICY_CHANGED"
    status = "conflict"
    kept = "The policy that the other person declared is in force."
    remedy = "Look at it, and declare yours again if it still fits."


class AlreadyGiven(EvertillError):
    """Something was given for this order and this cause already."""

    code = "ALREADY_GIVEN"
    status = "conflict"
    kept = "What was given stands, and nothing was given twice."
    remedy = "Look at what was given; a refund of the goods themselves is made at the order."


def file(*, new: NewClaim, proofs: Proofs, actor: str) -> None:
    """This function will write a new claim, with what was proved when it was filed."""
    db.execute(
        sql.load(_HERE, "file"),
        {
            "id": new.id,
            "about": new.about.value,
            "clues": _json(new.clues),
            "contact": new.contact,
            "words": new.words,
            "language": new.language,
            "account_id": new.account_id,
            "proofs": _json(proofs),
            "filed_at": new.filed_at,
            "actor": actor[:_ACTOR_CHARS],
        },
    )


def keep_key(*, key: bytes, body: bytes, claim_id: int) -> bool:
    """This function will bind a key, by digests of 16 bytes each, to a new claim; False: it is another's already."""
    params = {"key": UUID(bytes=key), "body": UUID(bytes=body), "claim_id": claim_id}
    return bool(db.execute(sql.load(_HERE, "keep_key"), params))


def lock(*, claim_id: int) -> Claim | None:
    """This function will lock a claim until the caller's transaction ends, and return it; None: no such."""
    rows = db.fetch(sql.load(_HERE, "lock"), (claim_id,))
    return to_claim(rows[0]) if rows else None


def keep_search(*, claim_id: int, search: Search, actor: str, now: dt.datetime) -> None:
    """This function will keep what a search came to; raises ClaimMoved. The caller has locked the claim."""
    to = State.NOTHING if search.standing is Standing.NOTHING else State.FOUND
    params = {"id": claim_id, "to": to.value, "search": _json(search), "now": now, "allowed": _from(to)}
    if not db.execute(sql.load(_HERE, "keep_search"), params):
        raise ClaimMoved("This claim has been answered or withdrawn.")
    _note(claim_id, f"claim.{to.value.lower()}", actor, now=now)


def keep_proofs(*, claim_id: int, proofs: Proofs, actor: str, now: dt.datetime) -> None:
    """This function will keep what was proved of a claim. The caller has locked it."""
    db.execute(sql.load(_HERE, "keep_proofs"), (_json(proofs), claim_id))
    _note(claim_id, "claim.proved", actor, now=now)


def decide(
    *, claim_id: int, decision: Decision, order_id: int | None, answer: str, actor: str, now: dt.datetime
) -> None:
    """This function will answer a claim; raises ClaimMoved. The caller has locked it."""
    params = {
        "id": claim_id,
        "decision": decision.value,
        "order_id": order_id,
        "answer": answer[:_ANSWER_CHARS],
        "actor": actor[:_ACTOR_CHARS],
        "now": now,
        "allowed": _from(State.ANSWERED),
    }
    if not db.execute(sql.load(_HERE, "decide"), params):
        raise ClaimMoved("This claim has been answered or withdrawn, or nobody has looked into it yet.")
    _note(claim_id, f"claim.{decision.value.lower()}", actor, now=now)


def withdraw(*, claim_id: int, actor: str, now: dt.datetime) -> None:
    """This function will end a claim that its customer takes back; raises ClaimMoved. The caller has locked it."""
    if not db.execute(sql.load(_HERE, "withdraw"), (claim_id, _from(State.WITHDRAWN))):
        raise ClaimMoved("This claim has been answered or withdrawn.")
    _note(claim_id, "claim.withdrawn", actor, now=now)


def note(*, claim_id: int, kind: str, actor: str, now: dt.datetime) -> None:
    """This function will add to a claim's history. The caller has locked the claim."""
    _note(claim_id, kind, actor, now=now)


def declare(*, seen: int, rules: Sequence[Rule], caps: Sequence[Cap], actor: str, why: str, now: dt.datetime) -> Policy:
    """This function will put a new version of the policy into force, behind the one that was seen.

    Raises PolicyInvalid, and PolicyChanged when that is not in force any more.
    """
    check(rules=rules, caps=caps)
    params = {
        "version": seen + 1,
        "rules": _json(tuple(rules)),
        "caps": _json(tuple(caps)),
        "now": now,
        "actor": actor[:_ACTOR_CHARS],
        "why": why[:_WHY_CHARS],
    }
    if read_policy().version != seen or not db.execute(sql.load(_HERE, "declare"), params):
        raise PolicyChanged("Somebody else has declared another policy meanwhile.")
    return read_policy(version=seen + 1)


def hold_caps(*, currency: str) -> None:
    """This function will wait for who else gives compensations in a currency, until the caller's transaction ends."""
    db.fetch(sql.load(_HERE, "hold_caps"), (currency,))


def award(*, given: Award, customer: str) -> None:
    """This function will record a compensation; raises AlreadyGiven. The caller has held the caps of its currency."""
    params = {
        "id": given.id,
        "claim_id": given.claim_id,
        "order_id": given.order_id,
        "about": given.about.value,
        "way": given.way.value,
        "amount": given.amount.amount,
        "currency": given.amount.currency,
        "version": given.version,
        "rule": given.rule,
        "delay_days": given.delay_days,
        "target_id": given.target_id,
        "customer": customer_digest(customer),
        "given_at": given.given_at,
        "given_by": given.given_by[:_ACTOR_CHARS],
        "approved_by": given.approved_by[:_ACTOR_CHARS],
        "why": given.why[:_WHY_CHARS],
    }
    if not db.execute(sql.load(_HERE, "award"), params):
        raise AlreadyGiven("Something was given for this order and this cause already.")


def pseudonymise(*, account_id: int) -> int:
    """This function will take who he was out of an account's claims, and return how many there are."""
    return db.execute(sql.load(_HERE, "pseudonymise"), (account_id,))


def _note(claim_id: int, kind: str, actor: str, *, now: dt.datetime) -> None:
    params = {"id": claim_id, "kind": kind, "actor": actor[:_ACTOR_CHARS], "now": now}
    db.execute(sql.load(_HERE, "note"), params)


def _from(to: State) -> Texts:
    return Texts(sorted(state.value for state in rules.MOVES[to]))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
