"""Verify a receipt: whether the shop gave it, and whether the order is kept as it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from evertill.domains import orders, receipts
from evertill.domains.receipts import NotAReceipt, OtherShop, Receipt, ReceiptAltered, ReceiptTooBig
from evertill.journeys.give_receipts import facts_of
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money

__all__ = [
    "Checked",
    "NotAReceipt",
    "OtherShop",
    "Receipt",
    "ReceiptAltered",
    "ReceiptTooBig",
    "Standing",
    "Verified",
    "check_receipts",
    "verify_receipt",
]


class Standing(StrEnum):
    """What a genuine receipt finds in the shop."""

    # The order, with the same facts.
    KEPT = "KEPT"
    # No such order: it is lost, and can be rebuilt.
    LOST = "LOST"
    # The order, with other facts.
    DIFFERENT = "DIFFERENT"


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A genuine receipt, and the order that the shop keeps; `differences` say in words how they differ."""

    standing: Standing
    receipt: Receipt
    order: orders.Order | None = None
    differences: tuple[str, ...] = ()


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one of many receipts: how it stands, or why it proves nothing. `place` counts them from 1."""

    place: int
    text: str
    verified: Verified | None = None
    refusal: EvertillError | None = None


class _Keys(msgspec.Struct, frozen=True):
    """The keys that are believed, by their ids, and those of the present secret, which digests addresses too."""

    public: Mapping[int, bytes]
    own: frozenset[int]

    @classmethod
    def read(cls) -> _Keys:
        known = receipts.trusted_keys()
        return cls({key.id: key.public for key in known}, frozenset(key.id for key in known if receipts.is_own(key)))


# Receipts whose orders are looked up at a time.
_PAGE = 500
# Of what is no receipt at all, a line may be thousands of times as long.
_PAGE_CHARS = 8 << 20


def verify_receipt(*, text: str | bytes) -> Verified:
    """This function will say whether the order of a receipt is kept as it says, once it is proved to be this shop's.

    Raises NotAReceipt, ReceiptTooBig, ReceiptAltered and OtherShop.
    """
    keys = _Keys.read()
    receipt = receipts.read(text)
    receipts.verify(receipt, keys=keys.public)
    return _compare(receipt, orders.read_orders(order_ids=[receipt.order_id]).get(receipt.order_id), keys)


def check_receipts(*, texts: Iterable[str]) -> Iterator[Checked]:
    """This function will check many receipts, a bounded number at a time, and say of each what became of it."""
    keys = _Keys.read()
    page: list[tuple[int, str]] = []
    chars = 0
    for place, text in enumerate(texts, 1):
        page.append((place, text))
        chars += len(text)
        if len(page) == _PAGE or chars >= _PAGE_CHARS:
            yield from _check_page(page, keys)
            page, chars = [], 0
    yield from _check_page(page, keys)


def _check_page(page: list[tuple[int, str]], keys: _Keys) -> Iterator[Checked]:
    read: dict[int, Receipt | EvertillError] = {}
    for place, text in page:
        try:
            receipt = receipts.read(text)
            receipts.verify(receipt, keys=keys.public)
            read[place] = receipt
        except EvertillError as refusal:
            read[place] = refusal
    wanted = sorted({told.order_id for told in read.values() if isinstance(told, Receipt)})
    kept = orders.read_orders(order_ids=wanted) if wanted else {}
    for place, text in page:
        told = read[place]
        if isinstance(told, Receipt):
            yield Checked(place=place, text=text, verified=_compare(told, kept.get(told.order_id), keys))
        else:
            yield Checked(place=place, text=text, refusal=told)


def _compare(receipt: Receipt, order: orders.Order | None, keys: _Keys) -> Verified:
    if order is None:
        return Verified(standing=Standing.LOST, receipt=receipt)
    differences = tuple(_differences(receipt, order, keys))
    standing = Standing.DIFFERENT if differences else Standing.KEPT
    return Verified(standing=standing, receipt=receipt, order=order, differences=differences)


def _differences(receipt: Receipt, order: orders.Order, keys: _Keys) -> Iterator[str]:
    facts = facts_of(order)
    if order.placed_at != receipt.placed_at:
        yield f"placed at {order.placed_at.isoformat()}, by the receipt {receipt.placed_at.isoformat()}"
    kept, told = (
        Money(amount=order.total, currency=order.currency),
        Money(amount=receipt.total, currency=receipt.currency),
    )
    if kept != told:
        yield f"total {kept}, by the receipt {told}"
    if receipts.rules.digest_lines(facts.lines) != receipt.lines_digest:
        yield f"{len(order.lines)} lines that are not the {receipt.line_count} of the receipt"
    # Who has his account deleted takes his address along, and the books keep its digest alone.
    if order.email != orders.NOBODY and receipt.key_id in keys.own and receipt.contact != _contact(order):
        yield "another address or telephone number"


def _contact(order: orders.Order) -> bytes:
    return receipts.contact_digest(order_id=order.id, email=order.email, phone=order.phone)
