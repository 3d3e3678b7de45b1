"""Whether a seal, and what it holds, is what was signed; and whether it follows the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evertill.domains.receipts import rules, tree
from evertill.domains.receipts.types import Batch, Seal, SealFault
from evertill.kernel import ids


def check_seal(seal: Seal, last: Seal | None, keys: Mapping[int, bytes]) -> Iterator[SealFault]:
    """This function will give what is wrong with a seal that comes behind another one, by these trusted keys."""
    name = f"seal {seal.number}"
    expected = last.number + 1 if last else 1
    if seal.number != expected:
        yield SealFault(subject=name, detail=f"{seal.number - expected} before it are missing")
    elif seal.previous != (rules.hash_seal(last) if last else rules.GENESIS):
        yield SealFault(subject=name, detail="it does not follow the one before it")
    if tree.root_of(rules.split(seal.leaves)) != seal.root:
        yield SealFault(subject=name, detail="its leaves are not those that were signed")
    if not _is_signed(rules.seal_message(seal), seal.key_id, seal.signature, keys):
        yield SealFault(subject=name, detail="its signature is not the shop's")


def check_batches(seal: Seal, batches: Mapping[int, Batch]) -> Iterator[SealFault]:
    """This function will give what is wrong with the batches that a seal holds; its leaves speak for them."""
    for batch_id, leaf in zip(seal.batch_ids, rules.split(seal.leaves), strict=False):
        batch = batches.get(batch_id)
        name = f"batch {ids.to_number(batch_id)}"
        if batch is None:
            yield SealFault(subject=name, detail=f"seal {seal.number} holds it, and it is not there")
        elif rules.batch_leaf(batch) != leaf:
            yield SealFault(subject=name, detail=f"it is not what seal {seal.number} holds")
        elif tree.root_of(rules.leaves_of(batch)) != batch.root:
            yield SealFault(subject=name, detail="its leaves are not those that were signed")


def check_queued(batch: Batch, keys: Mapping[int, bytes]) -> Iterator[SealFault]:
    """This function will give what is wrong with a batch that no seal holds yet."""
    name = f"batch {ids.to_number(batch.id)}"
    message = rules.batch_message(
        batch_id=batch.id, sealed_us=rules.to_micros(batch.sealed_at), count=len(batch.order_ids), root=batch.root
    )
    if tree.root_of(rules.leaves_of(batch)) != batch.root:
        yield SealFault(subject=name, detail="its leaves are not those that were signed")
    elif not _is_signed(message, batch.key_id, batch.signature, keys):
        yield SealFault(subject=name, detail="its signature is not the shop's")


def _is_signed(message: bytes, key_id: int, signature: bytes, keys: Mapping[int, bytes]) -> bool:
    public = keys.get(key_id)
    return public is not None and rules.is_signed(message, signature=signature, public=public)
