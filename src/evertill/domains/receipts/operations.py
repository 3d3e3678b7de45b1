"""Writes of receipts. The caller holds the transaction in which the orders are placed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from evertill.domains.receipts import rules, tree
from evertill.domains.receipts.sealing import Signer
from evertill.domains.receipts.types import Batch, Facts
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints

_HERE = "evertill.domains.receipts"


def sign_batch(*, facts: Sequence[Facts], contacts: Sequence[bytes], signer: Signer, now: dt.datetime) -> Batch:
    """This function will put orders, one at least, under one signature; it is called by its first order's id."""
    leaves = []
    last, micros = now, rules.to_micros(now)
    for told, contact in zip(facts, contacts, strict=True):
        if told.placed_at is not last:
            last, micros = told.placed_at, rules.to_micros(told.placed_at)
        leaves.append(rules.leaf_of(rules.facts_bytes(told, placed_us=micros), contact=contact))
    root = tree.root_of(leaves)
    batch_id = facts[0].order_id
    message = rules.batch_message(batch_id=batch_id, sealed_us=rules.to_micros(now), count=len(leaves), root=root)
    return Batch(
        id=batch_id,
        key_id=signer.key.id,
        sealed_at=now,
        order_ids=[told.order_id for told in facts],
        leaves=b"".join(leaves),
        contacts=b"".join(contacts),
        root=root,
        signature=signer.sign(message),
    )


def ask_to_record(*, batch: Batch, signer: Signer) -> db.Later[None]:
    """This function will ask to keep a batch, and the public half of the key that signed it where it is a new one."""
    key = signer.key
    return db.tell(
        sql.load(_HERE, "record_batch"),
        (
            key.id,
            key.generation,
            key.public,
            key.made_at,
            key.vouched,
            key.id,
            batch.id,
            batch.key_id,
            batch.sealed_at,
            Bigints(batch.order_ids),
            batch.leaves,
            batch.contacts,
            batch.root,
            batch.signature,
        ),
        shape=lambda _rows: None,
    )
