"""A receipt as a text: compact enough for a QR code, safe in addresses and mails, read strictly.

`EVERTILL1.` and base64url of: form (1: with the lines, 2: with their digest), key, batch, moment of signing, place and
number of leaves, digest of the contact, the facts' head, the path behind its length, the signature, and the lines.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from hashlib import sha256

from evertill.domains.receipts import rules, tree
from evertill.domains.receipts.rules import CONTACT_BYTES, HEAD, LENGTH, LINE, SIGNATURE_BYTES, ReceiptAltered
from evertill.domains.receipts.types import Batch, FactLine, Facts, Receipt
from evertill.kernel.errors import EvertillError

PREFIX = "EVERTILL1."
# Beyond the receipt of an order with as many lines as any may have.
TEXT_BYTES_MAX = 4 << 20
# What a telephone reads off a screen without trouble: a QR code of some 100 modules a side.
SHORT_CHARS_MAX = 1000
_WITH_LINES, _WITHOUT = 1, 2
_START = struct.Struct(">Bqqq")
_PLACE = struct.Struct(">II")
_FIXED = _START.size + _PLACE.size + CONTACT_BYTES + HEAD.size + 1
# A code of letters; lengths and numbers are looked at on their own.
_CURRENCY_CHARS = 3


class NotAReceipt(EvertillError):
    """A text is no receipt at all."""

    code = "NOT_A_RECEIPT"
    remedy = f"A receipt is one line that begins with {PREFIX}; take it from the order's page or from the answer to it."


class ReceiptTooBig(EvertillError):
    """A text is larger than any receipt."""

    code = "RECEIPT_TOO_BIG"
    status = "too_large"
    remedy = f"A receipt is one line that begins with {PREFIX}, a few hundred signs as a rule. Choose that file."


def write_all(batch: Batch, *, facts: Sequence[Facts]) -> list[str]:
    """This function will write the receipt of each order of a batch; `facts` come in their places."""
    levels = tree.build(rules.leaves_of(batch))
    start = _start(batch, _WITH_LINES)
    micros = {told.placed_at: rules.to_micros(told.placed_at) for told in facts[:1]}
    return [
        _as_text(
            b"".join(
                (
                    start,
                    _PLACE.pack(index, len(batch.order_ids)),
                    rules.contact_in(batch, index=index),
                    _head(told, micros.get(told.placed_at)),
                    _path(index, levels),
                    batch.signature,
                    rules.lines_bytes(told.lines),
                )
            )
        )
        for index, told in enumerate(facts)
    ]


def write_one(batch: Batch, *, facts: Facts, index: int) -> str:
    """This function will write the receipt of the order in one place of a batch."""
    return _write_one(batch, facts, index, form=_WITH_LINES, end=rules.lines_bytes(facts.lines))


def write_short(batch: Batch, *, facts: Facts, index: int) -> str:
    """This function will write a receipt that fits a QR code: with the lines if there is room, else their digest."""
    whole = write_one(batch, facts=facts, index=index)
    if len(whole) <= SHORT_CHARS_MAX:
        return whole
    return _write_one(batch, facts, index, form=_WITHOUT, end=rules.digest_lines(facts.lines))


def _write_one(batch: Batch, facts: Facts, index: int, *, form: int, end: bytes) -> str:
    parts = (
        _start(batch, form),
        _PLACE.pack(index, len(batch.order_ids)),
        rules.contact_in(batch, index=index),
        _head(facts, None),
        _path(index, tree.build(rules.leaves_of(batch))),
        batch.signature,
        end,
    )
    return _as_text(b"".join(parts))


def _start(batch: Batch, form: int) -> bytes:
    return _START.pack(form, batch.key_id, batch.id, rules.to_micros(batch.sealed_at))


def _head(facts: Facts, placed_us: int | None) -> bytes:
    micros = rules.to_micros(facts.placed_at) if placed_us is None else placed_us
    return HEAD.pack(rules.FORM, facts.order_id, micros, facts.currency.encode(), facts.total, len(facts.lines))


def _path(index: int, levels: Sequence[Sequence[bytes]]) -> bytes:
    path = tree.path_to(index, levels)
    return bytes((len(path),)) + b"".join(path)


def _as_text(content: bytes) -> str:
    return PREFIX + base64.b64encode(content, b"-_").rstrip(b"=").decode()


def read(text: str | bytes) -> Receipt:
    """This function will read a receipt, whatever white space is in it; what it says is proved by `verify` alone.

    Raises NotAReceipt, ReceiptTooBig, and ReceiptAltered for one that is damaged.
    """
    if len(text) > TEXT_BYTES_MAX:
        raise ReceiptTooBig(f"This is larger than any receipt: more than {TEXT_BYTES_MAX >> 20} MiB.")
    try:
        plain = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        raise NotAReceipt("This is no receipt: it is no text.") from None
    packed = "".join(plain.split())
    if not packed.startswith(PREFIX):
        raise NotAReceipt("This is no receipt of any shop.")
    try:
        return _parse(_decode(packed.removeprefix(PREFIX)))
    except (struct.error, UnicodeDecodeError, OverflowError, ValueError, IndexError):
        raise ReceiptAltered("This receipt is damaged: a part of it is missing, or was changed.") from None


def _decode(coded: str) -> bytes:
    try:
        content = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    # The last sign has bits that mean nothing; one text only is the receipt.
    if _as_text(content) != PREFIX + coded:
        raise ValueError("not the one way to write these bytes")
    return content


def _parse(content: bytes) -> Receipt:
    form, key_id, batch_id, sealed_us = _START.unpack_from(content)
    at = _START.size
    index, count = _PLACE.unpack_from(content, at)
    at += _PLACE.size
    contact = content[at : at + CONTACT_BYTES]
    at += CONTACT_BYTES
    facts_form, order_id, placed_us, currency, total, line_count = HEAD.unpack_from(content, at)
    at += HEAD.size
    steps = content[at]
    ends_at = _FIXED + steps * tree.HASH_BYTES + SIGNATURE_BYTES
    if form not in (_WITH_LINES, _WITHOUT) or facts_form != rules.FORM or steps > tree.PATH_MAX or order_id < 0:
        raise ValueError("a number that cannot be")
    path = content[_FIXED : ends_at - SIGNATURE_BYTES]
    end = content[ends_at:]
    return Receipt(
        order_id=order_id,
        placed_at=rules.from_micros(placed_us),
        currency=currency.decode("ascii"),
        total=total,
        line_count=line_count,
        lines_digest=_digest(end, form),
        lines=_read_lines(end, line_count) if form == _WITH_LINES else None,
        contact=contact,
        batch_id=batch_id,
        key_id=key_id,
        sealed_at=rules.from_micros(sealed_us),
        index=index,
        count=count,
        path=tuple(path[first : first + tree.HASH_BYTES] for first in range(0, len(path), tree.HASH_BYTES)),
        signature=content[ends_at - SIGNATURE_BYTES : ends_at],
    )


def _digest(end: bytes, form: int) -> bytes:
    if form == _WITH_LINES:
        return sha256(end).digest()
    if len(end) != tree.HASH_BYTES:
        raise ValueError("no digest")
    return end


def _read_lines(content: bytes, count: int) -> tuple[FactLine, ...]:
    lines = []
    at = 0
    while at < len(content):
        (length,) = LENGTH.unpack_from(content, at)
        at += LENGTH.size
        sku = content[at : at + length]
        quantity, unit_price = LINE.unpack_from(content, at + length)
        at += length + LINE.size
        lines.append(FactLine(sku=sku.decode(), quantity=quantity, unit_price=unit_price))
    if len(lines) != count:
        raise ValueError("other lines than it says")
    return tuple(lines)
