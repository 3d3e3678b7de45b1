"""Reads of receipts."""

from __future__ import annotations

from collections.abc import Iterable

from evertill.domains.receipts.types import Batch, PublicKey
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints

_HERE = "evertill.domains.receipts"


def read_keys() -> list[PublicKey]:
    """This function will return the public halves of all keys that ever signed, the first first."""
    return [
        PublicKey(id=key_id, generation=generation, public=bytes(public), made_at=made_at, vouched=bytes(vouched))
        for key_id, generation, public, made_at, vouched in db.fetch(sql.load(_HERE, "read_keys"))
    ]


def read_batches(*, batch_ids: Iterable[int]) -> dict[int, Batch]:
    """This function will read batches; an id that does not exist is missing from the answer."""
    rows = db.fetch(sql.load(_HERE, "read_batches"), (Bigints(sorted(batch_ids)),))
    return {
        batch_id: Batch(
            id=batch_id,
            key_id=key_id,
            sealed_at=sealed_at,
            order_ids=order_ids,
            leaves=bytes(leaves),
            contacts=bytes(contacts),
            root=bytes(root),
            signature=bytes(signature),
        )
        for batch_id, key_id, sealed_at, order_ids, leaves, contacts, root, signature in rows
    }
