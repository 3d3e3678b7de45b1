"""Writes of disputes. The caller holds a transaction, and the lock of the payment that a dispute is about."""

from __future__ import annotations

import datetime as dt

from evertill.domains.disputes import rules
from evertill.domains.disputes.types import Dispute, NewDispute, State, Told
from evertill.kernel import db, sql
from evertill.kernel.arrays import Texts

_HERE = "evertill.domains.disputes"
_REASON_CHARS, _WHY_CHARS = 200, 500


def record(*, new: NewDispute, actor: str, look_at: dt.datetime, now: dt.datetime) -> bool:
    """This function will write a dispute as OPENED, and say whether it did: False means that it is known already."""
    told = new.told
    written = db.execute(
        sql.load(_HERE, "record"),
        {
            "dispute_id": new.id,
            "provider": told.provider,
            "provider_id": told.provider_id,
            "intent_id": new.intent_id,
            "order_id": new.order_id,
            "is_sale": new.is_sale,
            "amount": told.amount.amount,
            "currency": told.amount.currency,
            "fee": told.fee,
            "reason": told.reason[:_REASON_CHARS],
            "evidence_due_at": told.evidence_due_at,
            "look_at": look_at,
            "actor": actor,
            "now": now,
        },
    )
    return written == 1


def move(*, dispute_id: int, to: State, actor: str, why: str, now: dt.datetime) -> bool:
    """This function will move a dispute where the table of moves allows it, and say whether it did."""
    sources = [source.value for source in State if rules.may_move(source=source, target=to)]
    moved = db.execute(
        sql.load(_HERE, "move"),
        {
            "dispute_id": dispute_id,
            "state": to.value,
            "sources": Texts(sources),
            "has_ended": not rules.is_open(to),
            "actor": actor,
            "why": why[:_WHY_CHARS],
            "now": now,
        },
    )
    return moved == 1


def amend(*, dispute: Dispute, told: Told) -> None:
    """This function will write down what came to be known of a dispute: until when evidence is due, and its fee."""
    db.execute(sql.load(_HERE, "amend"), {"dispute_id": dispute.id, "due_at": told.evidence_due_at, "fee": told.fee})


def claim_payments(*, now: dt.datetime, look_at: dt.datetime, limit: int) -> list[int]:
    """This function will take up to `limit` open disputes that are due, and return for each the id of its payment.

    The next look is planned for `look_at`.
    """
    return [intent_id for (intent_id,) in db.fetch(sql.load(_HERE, "claim"), (now, limit, look_at))]
