"""The canonical bytes of what is signed, and whether a signature fits them."""

from __future__ import annotations

import datetime as dt
import hashlib
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evertill.domains.receipts import tree
from evertill.domains.receipts.types import Batch, EventFact, Facts, LineLike, PublicKey, Receipt, Seal
from evertill.kernel.errors import EvertillError

# What the shop's own role may do with these tables: what was recorded is only added to.
RIGHTS: Mapping[str, tuple[str, ...]] = {
    "receipts_batch": ("select", "insert"),
    "receipts_key": ("select", "insert"),
    "receipts_seal": ("select", "insert"),
}

FORM = 1
CONTACT_BYTES = 16
SIGNATURE_BYTES = 64
# Form, order, microseconds since 1970, currency, total, number of lines; the digest of the lines follows.
HEAD = struct.Struct(">Bqq3sqI")
# After the SKU and its length: pieces, price of one.
LINE = struct.Struct(">iq")
LENGTH = struct.Struct(">H")
_BATCH = struct.Struct(">qqI")
_SEAL = struct.Struct(">q32sqII")
_BATCH_LABEL, _SEAL_LABEL = b"evertill receipts batch 1\0", b"evertill receipts seal 1\0"
_KEYS_LABEL, _KEY_LABEL = b"evertill receipts keys 1\0", b"evertill key\0"
# What the first seal holds in the place of the hash of the one before.
GENESIS = bytes(tree.HASH_BYTES)
_EVENT = struct.Struct(">qiq")
_KEY_ID = struct.Struct(">q")
_GENERATION = struct.Struct(">qi")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class ReceiptAltered(EvertillError):
    """What a receipt says is not what was signed."""

    code = "RECEIPT_ALTERED"
    kept = "The order that it was given for, if there is one, stands in the shop as it was placed."
    remedy = "Get it again from the order's page, or find another copy. What this one says proves nothing."


class OtherShop(EvertillError):
    """A receipt was signed by a key that is none of this shop's."""

    code = "RECEIPT_OF_ANOTHER_SHOP"
    status = "not_found"
    remedy = "Ask the shop whose receipt it is, or check it with that shop's key (--key)."


def to_micros(moment: dt.datetime) -> int:
    """This function will return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> dt.datetime:
    """This function will return the moment so many microseconds after 1970; raises OverflowError beyond all years."""
    return _EPOCH + dt.timedelta(microseconds=micros)


def lines_bytes(lines: Iterable[LineLike]) -> bytes:
    """This function will return the canonical bytes of lines: each SKU behind its length, pieces, price of one.

    orders.stream_facts makes the same bytes in the database.
    """
    parts: list[bytes] = []
    for line in lines:
        sku = line.sku.encode()
        parts += (LENGTH.pack(len(sku)), sku, LINE.pack(line.quantity, line.unit_price))
    return b"".join(parts)


def digest_lines(lines: Iterable[LineLike]) -> bytes:
    """This function will return the digest of an order's lines, 32 bytes."""
    return sha256(lines_bytes(lines)).digest()


def facts_bytes(facts: Facts, *, placed_us: int | None = None) -> bytes:
    """This function will return the canonical bytes of an order's facts, 64 of them, but for who placed it."""
    micros = to_micros(facts.placed_at) if placed_us is None else placed_us
    head = HEAD.pack(FORM, facts.order_id, micros, facts.currency.encode(), facts.total, len(facts.lines))
    return head + digest_lines(facts.lines)


def leaf_of(facts: bytes, *, contact: bytes) -> bytes:
    """This function will return the leaf of an order: over its canonical facts and the digest of its contact."""
    return tree.hash_leaf(facts + contact)


def digest_contact(*, key: bytes, order_id: int, email: str, phone: str) -> bytes:
    """This function will return 8 keyed bytes for an address and 8 for a number, zeros for one that there is not.

    Whoever has a receipt cannot find the address by trying, which only the shop's key could tell. Case is not looked
    at, in addresses. The two can be compared one by one.
    """
    order = order_id.to_bytes(8, "big")
    return _part(b"e", order, email.strip().lower(), key) + _part(b"p", order, phone, key)


def _part(kind: bytes, order: bytes, text: str, key: bytes) -> bytes:
    if not text:
        return bytes(8)
    return hashlib.blake2b(kind + order + text.encode(errors="replace"), key=key, digest_size=8).digest()


def key_id_of(public: bytes) -> int:
    """This function will return by what a public key is known."""
    return int.from_bytes(sha256(_KEY_LABEL + public).digest()[:8], "big", signed=True)


def batch_message(*, batch_id: int, sealed_us: int, count: int, root: bytes) -> bytes:
    """This function will return what is signed of a batch."""
    return _BATCH_LABEL + _BATCH.pack(batch_id, sealed_us, count) + root


def batch_leaf(batch: Batch) -> bytes:
    """This function will return the leaf of a batch in a seal: over all that was signed of it, and the signature."""
    message = batch_message(
        batch_id=batch.id, sealed_us=to_micros(batch.sealed_at), count=len(batch.order_ids), root=batch.root
    )
    return tree.hash_leaf(b"B" + _KEY_ID.pack(batch.key_id) + message + batch.signature)


def event_leaf(event: EventFact) -> bytes:
    """This function will return the leaf of an event in a seal.

    orders.stream_journal makes the same bytes in the database.
    """
    kind, actor = event.kind.encode(), event.actor.encode()
    head = b"E" + _EVENT.pack(event.order_id, event.position, to_micros(event.happened_at))
    return tree.hash_leaf(head + LENGTH.pack(len(kind)) + kind + LENGTH.pack(len(actor)) + actor)


def seal_message(seal: Seal) -> bytes:
    """This function will return what is signed of a seal."""
    counts = len(seal.batch_ids), len(seal.event_orders)
    return _SEAL_LABEL + _SEAL.pack(seal.number, seal.previous, to_micros(seal.sealed_at), *counts) + seal.root


def hash_seal(seal: Seal) -> bytes:
    """This function will return the hash of a seal, which the next one holds."""
    return sha256(seal_message(seal) + _KEY_ID.pack(seal.key_id) + seal.signature).digest()


def trusted(keys: Sequence[PublicKey], *, own: Callable[[PublicKey], bool]) -> dict[int, bytes]:
    """This function will return the keys, by their ids, that are the shop's own or that such a one vouches for.

    They come in their sequence. A key vouches for all before it as they were when it was made; or, where somebody has
    put another one among them, for those of them that were trusted then.
    """
    found: dict[int, bytes] = {}
    for place, key in enumerate(keys):
        if key.id != key_id_of(key.public) or not own(key):
            continue
        for before in (keys[:place], [one for one in keys[:place] if one.id in found]):
            message = vouching_message([*before, key])
            if is_signed(message, signature=key.vouched, public=key.public):
                found |= {one.id: one.public for one in before}
                break
        found[key.id] = key.public
    return found


def vouching_message(keys: Sequence[PublicKey]) -> bytes:
    """This function will return what a key signs of those before it and itself, which come in their sequence."""
    told = (_GENERATION.pack(to_micros(key.made_at), key.generation) + key.public for key in keys)
    return _KEYS_LABEL + b"".join(told)


def is_signed(message: bytes, *, signature: bytes, public: bytes) -> bool:
    """This function will say whether a signature (Ed25519, RFC 8032) over a message was made by a key's other half."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify(receipt: Receipt, *, keys: Mapping[int, bytes]) -> None:
    """This function will raise unless a receipt is one of the shop with these public keys, by their ids.

    Raises OtherShop, and ReceiptAltered.
    """
    public = keys.get(receipt.key_id)
    if public is None:
        raise OtherShop("This receipt was signed by a key that is none of this shop's.")
    head = HEAD.pack(
        FORM,
        receipt.order_id,
        to_micros(receipt.placed_at),
        receipt.currency.encode(),
        receipt.total,
        receipt.line_count,
    )
    leaf = leaf_of(head + receipt.lines_digest, contact=receipt.contact)
    root = tree.climb(leaf, index=receipt.index, count=receipt.count, path=receipt.path)
    if root is None:
        raise ReceiptAltered("This receipt does not fit together: its place in its batch cannot be.")
    message = batch_message(
        batch_id=receipt.batch_id, sealed_us=to_micros(receipt.sealed_at), count=receipt.count, root=root
    )
    if not is_signed(message, signature=receipt.signature, public=public):
        raise ReceiptAltered("What this receipt says is not what the shop signed: it was altered, or is damaged.")


def position_in(batch: Batch, *, order_id: int) -> int | None:
    """This function will return the place of an order in a batch; None when it has none."""
    return batch.order_ids.index(order_id) if order_id in batch.order_ids else None


def leaves_of(batch: Batch) -> list[bytes]:
    """This function will return the leaves of a batch, in their places."""
    return split(batch.leaves)


def split(hashes: bytes) -> list[bytes]:
    """This function will return the hashes that stand behind each other."""
    size = tree.HASH_BYTES
    return [hashes[first : first + size] for first in range(0, len(hashes), size)]


def contact_in(batch: Batch, *, index: int) -> bytes:
    """This function will return the digest of the contact in a place of a batch."""
    return batch.contacts[index * CONTACT_BYTES : (index + 1) * CONTACT_BYTES]
