"""Reads of claims."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from evertill.domains.claims.types import (
    About,
    Award,
    Cap,
    Claim,
    Clues,
    Decision,
    Given,
    Happened,
    Policy,
    Proofs,
    Rule,
    Search,
    State,
    Way,
)
from evertill.kernel import crypto, db, ids, sql
from evertill.kernel.money import Money

_HERE = "evertill.domains.claims"
_clues = msgspec.json.Decoder(Clues)
_proofs = msgspec.json.Decoder(Proofs)
_search = msgspec.json.Decoder(Search)
_rules = msgspec.json.Decoder(tuple[Rule, ...])
_caps = msgspec.json.Decoder(tuple[Cap, ...])
_ALWAYS = dt.datetime(1, 1, 2, tzinfo=dt.UTC), 0
_NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC), 0


def find(*, claim_id: int) -> Claim | None:
    """This function will return one claim."""
    rows = db.fetch(sql.load(_HERE, "find"), (claim_id,))
    return to_claim(rows[0]) if rows else None


def find_key(*, key: bytes) -> tuple[int, bytes] | None:
    """This function will return the claim that was filed under a key, and the digest of what was asked for then."""
    rows = db.fetch(sql.load(_HERE, "find_key"), (UUID(bytes=key),))
    return (int(rows[0][0]), rows[0][1].bytes) if rows else None


def list_open(*, behind: tuple[dt.datetime, int] | None = None, limit: int) -> list[Claim]:
    """This function will return up to `limit` claims that wait, those that wait longest first, from behind one on."""
    return _page("list_open", behind or _ALWAYS, limit)


def list_latest(*, behind: tuple[dt.datetime, int] | None = None, limit: int) -> list[Claim]:
    """This function will return up to `limit` claims in whatever state, the latest first, from behind one on."""
    return _page("list_latest", behind or _NEVER, limit)


def _page(statement: str, behind: tuple[dt.datetime, int], limit: int) -> list[Claim]:
    params = {"behind_at": behind[0], "behind_id": behind[1], "limit": limit}
    return [to_claim(row) for row in db.fetch(sql.load(_HERE, statement), params)]


def list_of_account(*, account_id: int, limit: int) -> list[Claim]:
    """This function will return up to `limit` claims of an account, the latest first."""
    return [to_claim(row) for row in db.fetch(sql.load(_HERE, "list_of_account"), (account_id, limit))]


def count_open() -> int:
    """This function will return how many claims wait."""
    ((count,),) = db.fetch(sql.load(_HERE, "count_open"))
    return int(count)


def count_open_of(*, contact: str) -> int:
    """This function will return how many claims wait that are answered to a contact."""
    ((count,),) = db.fetch(sql.load(_HERE, "count_open_of"), {"contact": contact})
    return int(count)


def find_unsearched(*, filed_before: dt.datetime, limit: int) -> list[int]:
    """This function will return the ids of claims that were filed before a moment and not looked into yet."""
    return [claim_id for (claim_id,) in db.fetch(sql.load(_HERE, "find_unsearched"), (filed_before, limit))]


def read_events(*, claim_id: int, limit: int) -> list[Happened]:
    """This function will return what happened to a claim, the first first."""
    return [
        Happened(position=position, kind=kind, actor=actor, at=at)
        for position, kind, actor, at in db.fetch(sql.load(_HERE, "read_events"), (claim_id, limit))
    ]


def read_policy(*, version: int | None = None) -> Policy:
    """This function will return the policy of a version, or the one in force; before any, one that promises nothing."""
    rows = db.fetch(sql.load(_HERE, "read_policy"), {"version": version})
    return _policy(rows[0]) if rows else Policy()


def list_policies(*, limit: int) -> list[Policy]:
    """This function will return the versions of the policy, the newest first."""
    return [_policy(row) for row in db.fetch(sql.load(_HERE, "list_policies"), (limit,))]


def sum_given(*, order_id: int, customer: str, currency: str, now: dt.datetime) -> Given:
    """This function will return what was given before: for an order, to a customer and to all in this month (UTC).

    `customer` is an account or an address, as `customer_of` of the journeys names it.
    """
    month = now.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    params = {
        "order_id": order_id,
        "customer": customer_digest(customer),
        "currency": currency,
        "month": month,
        "next_month": (month + dt.timedelta(days=32)).replace(day=1),
    }
    ((order, customer_month, all_month),) = db.fetch(sql.load(_HERE, "sum_given"), params)
    return Given(order=order, customer_month=customer_month, month=all_month)


def find_award(*, order_id: int, about: About) -> Award | None:
    """This function will return what was given for an order because of one thing that went wrong."""
    rows = db.fetch(sql.load(_HERE, "find_award"), (order_id, about.value))
    return _award(rows[0]) if rows else None


def awards_of_claim(*, claim_id: int) -> list[Award]:
    """This function will return what was given because of a claim."""
    return [_award(row) for row in db.fetch(sql.load(_HERE, "awards_of_claim"), (claim_id,))]


def stream_awards() -> Iterator[Award]:
    """This function will give all that was given, in the order of ids; the caller's transaction."""
    for row in db.stream(sql.load(_HERE, "stream_awards")):
        yield _award(row)


def customer_digest(customer: str) -> str:
    """This function will return what stands for a customer where caps are counted: no address lies about there."""
    return crypto.mac(customer.encode(), purpose="claims-customer")[:16].hex()


def to_claim(row: Sequence[Any]) -> Claim:
    """This function will make a claim of a row; for this domain alone."""
    (
        claim_id, state, about, clues, contact, words, language, account_id, proofs, search, decision, order_id, answer,
        filed_at, searched_at, decided_at, decided_by, version,
    ) = row  # fmt: skip
    return Claim(
        id=claim_id,
        number=ids.to_number(claim_id),
        state=State(state),
        about=About(about),
        clues=_clues.decode(clues),
        contact=contact,
        words=words,
        language=language,
        account_id=account_id,
        proofs=_proofs.decode(proofs),
        search=_search.decode(search) if search is not None else None,
        decision=Decision(decision) if decision else None,
        order_id=order_id,
        answer=answer,
        filed_at=filed_at,
        searched_at=searched_at,
        decided_at=decided_at,
        decided_by=decided_by,
        version=version,
    )


def _policy(row: Sequence[Any]) -> Policy:
    version, rules, caps, declared_at, declared_by, why = row
    return Policy(
        version=version,
        rules=_rules.decode(rules),
        caps=_caps.decode(caps),
        declared_at=declared_at,
        declared_by=declared_by,
        why=why,
    )


def _award(row: Sequence[Any]) -> Award:
    (
        award_id, claim_id, order_id, about, way, amount, currency, version, rule, delay_days, target_id, given_at,
        given_by, approved_by, why,
    ) = row  # fmt: skip
    return Award(
        id=award_id,
        number=ids.to_number(award_id),
        claim_id=claim_id,
        order_id=order_id,
        about=About(about),
        way=Way(way),
        amount=Money(amount=amount, currency=currency),
        version=version,
        rule=rule,
        delay_days=delay_days,
        target_id=target_id,
        given_at=given_at,
        given_by=given_by,
        approved_by=approved_by,
        why=why,
    )
