"""Writes of receipts. The caller holds the transaction in which the orders are placed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec
import structlog
from django.db import transaction

from evertill.domains.receipts import chain, rules, tree
from evertill.domains.receipts.queries import read_last_seal, to_batch
from evertill.domains.receipts.sealing import Signer
from evertill.domains.receipts.types import Batch, EventFact, Facts, Seal
from evertill.kernel import db, ids, sql
from evertill.kernel.arrays import Bigints, Ints

_log = structlog.get_logger("evertill.receipts")
_HERE = "evertill.domains.receipts"
# Any number that nothing else of the shop locks.
_LOCK = 0x7265_6369


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


def take_chain() -> bool:
    """This function will say whether this transaction may add to the chain: one does at a time, and nobody waits."""
    ((taken,),) = db.fetch("select pg_try_advisory_xact_lock(%s::bigint)", (_LOCK,))
    return bool(taken)


def claim_batches(*, limit: int) -> list[Batch]:
    """This function will take up to `limit` batches that are not chained yet; the caller chains them, or rolls back."""
    return [to_batch(row) for row in db.fetch(sql.load(_HERE, "claim_batches"), (limit,))]


def put_back_unsigned(*, batches: Sequence[Batch], keys: Mapping[int, bytes]) -> list[Batch]:
    """This function will return claimed batches that these keys signed, and have the others wait on, where audits see.

    A seal would vouch for them in the shop's name. Where a node has another secret than the others, it is theirs to do.
    """
    unsigned = {batch.id for batch in batches if any(chain.check_queued(batch, keys))}
    if unsigned:
        db.execute(sql.load(_HERE, "put_back"), (Bigints(sorted(unsigned)),))
        _log.error("batches that the shop has not signed wait to be sealed", batches=[*map(ids.to_number, unsigned)])
    return [batch for batch in batches if batch.id not in unsigned]


def seal(*, batches: Sequence[Batch], events: Sequence[EventFact], signer: Signer, now: dt.datetime) -> Seal:
    """This function will chain batches and order events behind what was chained before; the chain is taken."""
    last = read_last_seal()
    leaves = [*map(rules.batch_leaf, batches), *map(rules.event_leaf, events)]
    unsigned = Seal(
        number=last.number + 1 if last else 1,
        previous=rules.hash_seal(last) if last else rules.GENESIS,
        key_id=signer.key.id,
        sealed_at=now,
        batch_ids=[batch.id for batch in batches],
        event_orders=[event.order_id for event in events],
        event_positions=[event.position for event in events],
        leaves=b"".join(leaves),
        root=tree.root_of(leaves),
        signature=b"",
    )
    made = msgspec.structs.replace(unsigned, signature=signer.sign(rules.seal_message(unsigned)))
    db.execute(
        sql.load(_HERE, "record_seal"),
        (
            made.number,
            made.previous,
            made.key_id,
            made.sealed_at,
            Bigints(made.batch_ids),
            Bigints(made.event_orders),
            Ints(made.event_positions),
            made.leaves,
            made.root,
            made.signature,
        ),
    )
    # Wherever the log goes, there the newest seal is out of reach of whoever holds the database.
    transaction.on_commit(lambda: _log.info("receipts sealed", number=made.number, hash=rules.hash_seal(made).hex()))
    return made
