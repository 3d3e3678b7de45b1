"""Reads of receipts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from evertill.domains.receipts import chain, rules
from evertill.domains.receipts.types import Batch, Head, Leaf, PublicKey, Seal, SealFault
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints

_HERE = "evertill.domains.receipts"
# A seal holds thousands of leaves, a batch some hundred.
_LARGE_ROWS = 10


def read_keys() -> list[PublicKey]:
    """This function will return the public halves of all keys in the table, the first first.

    Who has the database can add to it, so nothing is believed by them alone: see trusted_keys.
    """
    return [
        PublicKey(id=key_id, generation=generation, public=bytes(public), made_at=made_at, vouched=bytes(vouched))
        for key_id, generation, public, made_at, vouched in db.fetch(sql.load(_HERE, "read_keys"))
    ]


def read_batches(*, batch_ids: Iterable[int]) -> dict[int, Batch]:
    """This function will read batches; an id that does not exist is missing from the answer."""
    rows = db.fetch(sql.load(_HERE, "read_batches"), (Bigints(sorted(batch_ids)),))
    return {row[0]: to_batch(row) for row in rows}


def to_batch(row: Sequence[Any]) -> Batch:
    """This function will return the batch that a row holds."""
    batch_id, key_id, sealed_at, order_ids, leaves, contacts, root, signature = row
    return Batch(
        id=batch_id,
        key_id=key_id,
        sealed_at=sealed_at,
        order_ids=order_ids,
        leaves=bytes(leaves),
        contacts=bytes(contacts),
        root=bytes(root),
        signature=bytes(signature),
    )


def read_last_seal() -> Seal | None:
    """This function will return the newest seal; None before the journal was opened."""
    rows = db.fetch(sql.load(_HERE, "last_seal"))
    return _seal(rows[0]) if rows else None


def head_of(seal: Seal) -> Head:
    """This function will return what is noted elsewhere of a seal."""
    return Head(seal.number, rules.hash_seal(seal))


def read_heads(*, numbers: Iterable[int]) -> dict[int, bytes]:
    """This function will return the hashes of seals, by their numbers; one that does not exist is missing.

    What a seal says of the one before is compared with that one by verify_chain.
    """
    wanted = set(numbers)
    found: dict[int, bytes] = {}
    for number, hashed in db.fetch(sql.load(_HERE, "read_heads"), (Bigints([one + 1 for one in sorted(wanted)]),)):
        found[number] = bytes(hashed)
    last = read_last_seal()
    if last is not None and last.number in wanted:
        found[last.number] = rules.hash_seal(last)
    return found


def stream_leaves() -> Iterator[Leaf]:
    """This function will give every acknowledgement in the order of the orders' ids; the caller holds a transaction."""
    for order_id, batch_id, key_id, leaf, contact in db.stream(sql.load(_HERE, "stream_leaves")):
        yield Leaf(order_id, batch_id, key_id, bytes(leaf), bytes(contact))


def stream_sealed_events() -> Iterator[tuple[int, int, int, bytes]]:
    """This function will give order, position, seal and leaf of every event that was sealed, in their order.

    The caller holds a transaction.
    """
    for order_id, position, number, leaf in db.stream(sql.load(_HERE, "stream_sealed_events")):
        yield order_id, position, number, bytes(leaf)


def find_chained_otherwise() -> Iterator[tuple[int, int, bool]]:
    """This function will give the batches that are not chained exactly once: how many seals hold it, if it is queued.

    The caller holds a transaction.
    """
    yield from db.stream(sql.load(_HERE, "chained_otherwise"))


def verify_chain(*, own: Callable[[PublicKey], bool]) -> Iterator[SealFault]:
    """This function will give everything that is wrong with the chain of seals, and with the batches that it holds.

    `own` says whether a key is derived from a secret of the shop. The caller holds a snapshot.
    """
    keys = read_keys()
    known = rules.trusted(keys, own=own)
    for key in keys:
        if key.id not in known:
            yield SealFault(subject=f"key {key.generation}", detail="nobody who is trusted vouches for it")
    last: Seal | None = None
    for row in db.stream(sql.load(_HERE, "stream_seals"), rows=_LARGE_ROWS):
        seal = _seal(row)
        yield from chain.check_seal(seal, last, known)
        yield from chain.check_batches(seal, read_batches(batch_ids=seal.batch_ids))
        last = seal
    for row in db.stream(sql.load(_HERE, "stream_queued"), rows=_LARGE_ROWS):
        yield from chain.check_queued(to_batch(row), known)


def _seal(row: Sequence[Any]) -> Seal:
    number, previous, key_id, sealed_at, batch_ids, orders, positions, leaves, root, signature = row
    return Seal(
        number,
        bytes(previous),
        key_id,
        sealed_at,
        batch_ids,
        orders,
        positions,
        bytes(leaves),
        bytes(root),
        bytes(signature),
    )
