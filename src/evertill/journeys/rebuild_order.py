"""Rebuild an order that was lost, from its receipt: the same number, lines and total; held until somebody looked at it.

A receipt says what was acknowledged and names nobody, so how the customer is reached comes from him, or from a backup,
and is compared with the digests of what he gave when he ordered. Whether money came is not in a receipt: a line of the
provider's bill says so, or the provider does, when it is asked about the payments that a backup has of the order
(`rebuild_payments.py`). Else the order waits to be paid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec

from evertill.domains import accounts, catalog, fulfilment, orders, receipts, stock, trail
from evertill.domains.access import Permission, Thing
from evertill.domains.accounts import AccountState
from evertill.domains.approvals import Approval, ApprovalRequired
from evertill.domains.receipts import FactLine, NotAReceipt, OtherShop, Receipt, ReceiptAltered, ReceiptTooBig
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.ask_review import Reason, ask_review
from evertill.journeys.give_receipts import facts_of
from evertill.journeys.kept_money import KeptPayment
from evertill.journeys.owed_codes import owed_by
from evertill.journeys.permitted import Asker, Wish, approved, order_thing, permitted
from evertill.journeys.rebuild_payments import (
    BilledBooked,
    BilledDiffers,
    BilledTaken,
    BilledUnknown,
    MoneyReturned,
    find_billed,
    hold_known,
    rebuild_payments,
)
from evertill.kernel import config, crypto, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.said import Said

__all__ = [
    "AccountGone",
    "ApprovalRequired",
    "BilledBooked",
    "BilledDiffers",
    "BilledTaken",
    "BilledUnknown",
    "ContactDiffers",
    "GoodsGone",
    "Kept",
    "KeptPayment",
    "LinesMissing",
    "MoneyReturned",
    "NotAReceipt",
    "NotRebuilt",
    "OrderKept",
    "OtherShop",
    "PlacedAgain",
    "RebuildOrder",
    "Rebuilt",
    "ReceiptAltered",
    "ReceiptTooBig",
    "ask_to_rebuild",
    "rebuild_here",
    "rebuild_order",
    "release_rebuilt",
]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup has of an order beyond its receipt: what its goods were called, its keys, its payments.

    `source` names the backup and the moment. The digests, 16 bytes each, make repeating the order's request harmless.
    `ended` is how it had ended without having been paid: CANCELLED, EXPIRED, or None. `by_hand` is what people have to
    do about its money besides.
    """

    source: str
    key_digest: bytes
    body_digest: bytes
    titles: Mapping[str, str] = {}
    payments: tuple[KeptPayment, ...] = ()
    ended: orders.State | None = None
    by_hand: tuple[Said | str, ...] = ()


class RebuildOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt, as a text, and how its customer is reached: as he was when he ordered. `account_id` is whose it is.

    `paid` names the line of a provider's bill by which its money came in, "" for none; `kept` is what a backup has.
    """

    text: str
    email: str = ""
    phone: str = ""
    language: str = ""
    account_id: int | None = None
    paid: str = ""
    kept: Kept | None = None
    why: str


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is there again; `by_hand` is what people have to do about its money."""

    order: orders.Order
    number: str
    access_token: str
    # It may differ from the one that it was rebuilt from, which stays good too.
    receipt: str
    by_hand: tuple[Said | str, ...] = ()


class OrderKept(EvertillError):
    """The order of this receipt is in the shop."""

    code = "ORDER_KEPT"
    status = "conflict"
    remedy = "Look at it there; `evertill verify-receipt` says whether it is as the receipt says."


class LinesMissing(EvertillError):
    """A receipt in its short form says how many lines an order had, and not which."""

    code = "RECEIPT_WITHOUT_LINES"
    remedy = "Take the whole receipt: the file from the order's page, or the `receipt` of the shop's answer."


class ContactDiffers(EvertillError):
    """The address or number is not the one with which the order was placed."""

    code = "CONTACT_DIFFERS"
    status = "conflict"
    remedy = "Name each, email address and telephone number, that the customer gave when he ordered, and no other."


class GoodsGone(EvertillError):
    """Goods of the order have been promised to others since."""

    code = "GOODS_GONE"
    status = "conflict"
    remedy = "Correct the stock if there are more of them, or settle with the customer what he paid."


class AccountGone(EvertillError):
    """Whose order it was has deleted his account since; nobody brings back what he had forgotten."""

    code = "ACCOUNT_GONE"
    status = "conflict"
    remedy = "Settle with him what he paid; his order stays forgotten."


class PlacedAgain(EvertillError):
    """What was asked for under the order's key was placed again after the loss, under another number."""

    code = "PLACED_AGAIN"
    status = "conflict"
    remedy = "Show the customer that order; he has asked for one, and would get two."


class NotRebuilt(EvertillError):
    """An order is not held because it was rebuilt."""

    code = "NOT_REBUILT"
    status = "conflict"
    remedy = "Check its number; it may have been released already."


def rebuild_order(*, asker: Asker, asked: RebuildOrder, now: dt.datetime) -> Rebuilt:
    """This function will put a lost order back, when the asker may and another person has approved exactly this.

    Raises Forbidden, also for his own, ApprovalRequired, what reading and verifying a receipt raise, OrderKept,
    LinesMissing, ContactDiffers, AccountGone, GoodsGone, PlacedAgain, and what find_billed and rebuild_payments raise.
    """
    wish = _wish(asked)
    thing = _thing(wish, asked)
    with permitted(asker=asker, permission=Permission.ORDERS_REBUILD, subject=wish.subject, thing=thing, now=now):
        by = approved(asker=asker, wish=wish, now=now)
        rebuilt = rebuild_here(asked=asked, actor=asker.name, now=now)
        trail.write(
            actor=asker.actor,
            operation=Permission.ORDERS_REBUILD.value,
            subject=wish.subject,
            after=dict(wish.content) | ({"approved_by": by} if by else {}),
            why=asked.why,
            now=now,
        )
    return rebuilt


def ask_to_rebuild(*, asker: Asker, asked: RebuildOrder, now: dt.datetime) -> Approval:
    """This function will ask for the approval of exactly this; raises what rebuild_order raises about the receipt."""
    wish = _wish(asked)
    return decide_approvals.ask(asker=asker, wish=wish, why=asked.why, thing=_thing(wish, asked), now=now)


def rebuild_here(*, asked: RebuildOrder, actor: str, now: dt.datetime) -> Rebuilt:
    """This function will put a lost order back in the caller's transaction, which has seen to whether that may be.

    Raises what rebuild_order raises about the order.
    """
    receipt, lines = _read(asked.text)
    number = ids.to_number(receipt.order_id)
    if orders.read_orders(order_ids=[receipt.order_id]):
        raise OrderKept(f"The shop has the order {number}.")
    _check_contact(receipt, asked)
    _check_account(asked.account_id)
    billed = find_billed(name=asked.paid) if asked.paid else None
    known = hold_known(order_id=receipt.order_id)
    order = _order(receipt, lines, asked, now=now)
    pieces = orders.pieces_by_sku(order.lines)
    items = stock.lock_items(skus=pieces)
    (allotment,) = stock.allot(asked=[pieces], items=items)
    if not allotment.is_served:
        short = [{"sku": sku, "asked": pieces[sku], "left": left} for sku, left in sorted(allotment.short.items())]
        raise GoodsGone(f"Not enough left of: {', '.join(sorted(allotment.short)[:10])}.", short=short)
    text = _write(order, receipt, pieces, kept=asked.kept, actor=actor, now=now)
    by_hand = list(asked.kept.by_hand) if asked.kept is not None else []
    if order.total:
        kept = asked.kept.payments if asked.kept is not None else ()
        by_hand += rebuild_payments(order=order, known=known, kept=kept, billed=billed, actor=actor, now=now)
    if asked.kept is not None and asked.kept.ended is not None:
        _end(order, asked.kept.ended, pieces, actor=actor, now=now)
    if by_hand:
        ask_review(order_id=order.id, reason=Reason.MONEY, details=by_hand, actor=actor, now=now)
    order = orders.read_orders(order_ids=[order.id])[order.id]
    return Rebuilt(
        order=order, number=number, access_token=orders.access_token(order.id), receipt=text, by_hand=tuple(by_hand)
    )


def release_rebuilt(*, order_id: int, asker: Asker, why: str, now: dt.datetime) -> None:
    """This function will end the hold of a rebuilt order, once somebody has looked at it.

    Raises Forbidden and NotRebuilt.
    """
    subject = Subject(kind="order", id=ids.to_number(order_id))
    thing = order_thing(order_id)
    with permitted(asker=asker, permission=Permission.ORDERS_REVIEW, subject=subject, thing=thing, now=now):
        held = orders.release_holds(order_ids=[order_id], subject=_HELD_AS, actor=asker.name, now=now)
        if not held:
            raise NotRebuilt("This order is not held because it was rebuilt.")
        trail.write(actor=asker.actor, operation="orders.release_rebuilt", subject=subject, why=why, now=now)


_HELD_AS = "receipt"


def _read(text: str) -> tuple[Receipt, tuple[FactLine, ...]]:
    receipt = receipts.read(text)
    receipts.verify(receipt, keys={key.id: key.public for key in receipts.trusted_keys()})
    if receipt.lines is None:
        raise LinesMissing("This receipt is the short one, which does not name the order's lines.")
    return receipt, receipt.lines


def _order(receipt: Receipt, lines: Sequence[FactLine], asked: RebuildOrder, *, now: dt.datetime) -> orders.Order:
    offers = catalog.find_offers(skus={line.sku for line in lines}, currency=receipt.currency).get()
    # What is no longer for sale goes by its SKU.
    titles = {sku: offer.title for sku, offer in offers.items()} | dict(asked.kept.titles if asked.kept else {})
    return orders.Order(
        id=receipt.order_id,
        state=orders.State.PLACED if receipt.total else orders.State.PAID,
        currency=receipt.currency,
        total=receipt.total,
        email=asked.email,
        phone=asked.phone,
        language=asked.language,
        account_id=asked.account_id,
        placed_at=receipt.placed_at,
        reserved_until=now + dt.timedelta(days=config.get().rebuilt_keep_days),
        lines=tuple(
            orders.Line(
                sku=line.sku,
                title=titles.get(line.sku, line.sku),
                quantity=line.quantity,
                unit_price=line.unit_price,
            )
            for line in lines
        ),
    )


def _check_contact(receipt: Receipt, asked: RebuildOrder) -> None:
    if not asked.email and not asked.phone:
        raise ContactDiffers("An order needs an email address or a telephone number.")
    # Only the secret with which it was made can make a digest again.
    if any(key.id == receipt.key_id and receipts.is_own(key) for key in receipts.trusted_keys()):
        told = receipts.contact_digest(order_id=receipt.order_id, email=asked.email, phone=asked.phone)
        if told != receipt.contact:
            raise ContactDiffers("The order was placed with another email address or telephone number.")


def _check_account(account_id: int | None) -> None:
    account = accounts.read(account_id=account_id) if account_id is not None else None
    if account is not None and account.state is AccountState.DELETED:
        raise AccountGone("The account of this order has been deleted.")


def _write(
    order: orders.Order,
    receipt: Receipt,
    pieces: dict[str, int],
    *,
    kept: Kept | None,
    actor: str,
    now: dt.datetime,
) -> str:
    batch, facts = _batch_of(order, receipt, now=now)
    keyed = _keyed(order, kept)
    try:
        orders.record(
            keyed=[keyed], placed_at=order.placed_at, reserved_until=order.reserved_until, receipt_batch=batch.id
        )
    except orders.NumberTaken:
        raise OrderKept("Somebody else has just put this order back.") from None
    orders.make_these_findable(order_ids=[order.id])
    stock.move(
        movements=[
            stock.Movement(sku=sku, kind=stock.MovementKind.RESERVED, quantity=quantity, order_id=order.id)
            for sku, quantity in pieces.items()
        ],
        now=now,
        reason="rebuilt",
    )
    if not order.total:
        orders.change_state(order_ids=[order.id], to=orders.State.PAID, actor=actor, now=now)
        stock.sell(pieces={order.id: pieces}, now=now)
        fulfilment.note_due(owed=owed_by({order.id: pieces}), now=now)
    orders.note(order_id=order.id, kind=orders.EventKind.REBUILT, actor=actor, now=now)
    orders.hold(order_ids=[order.id], reason=orders.HoldReason.REBUILT, subject=_HELD_AS, actor=actor, now=now)
    index = receipts.position_in(batch, order_id=order.id)
    assert index is not None  # noqa: S101 — it was made, or found, with it.
    return receipts.texts.write_one(batch, facts=facts, index=index)


def _end(order: orders.Order, ended: orders.State, pieces: Mapping[str, int], *, actor: str, now: dt.datetime) -> None:
    """End it as it had ended, unless its money has come meanwhile; nobody has to look at it then."""
    if orders.change_state(order_ids=[order.id], to=ended, actor=actor, now=now):
        stock.release(pieces={order.id: pieces}, now=now)
        orders.release_holds(order_ids=[order.id], subject=_HELD_AS, actor=actor, now=now)


def _keyed(order: orders.Order, kept: Kept | None) -> orders.Keyed:
    if kept is None:
        # The request's key went with the order; nobody else can have this one.
        key = crypto.fingerprint(b"rebuilt", order.id.to_bytes(8, "big"))
        return orders.Keyed(order=order, key_digest=key, body_digest=key)
    again = orders.find_by_keys(digests=[kept.key_digest]).get().get(kept.key_digest)
    if again is not None:
        raise PlacedAgain(f"The customer's request was placed again as {ids.to_number(again.order.id)}.")
    return orders.Keyed(order=order, key_digest=kept.key_digest, body_digest=kept.body_digest)


def _batch_of(order: orders.Order, receipt: Receipt, *, now: dt.datetime) -> tuple[receipts.Batch, receipts.Facts]:
    """Return the batch that acknowledged the order where the shop still has it, else one of its own, recorded."""
    facts = facts_of(order)
    batch = receipts.read_batches(batch_ids=[receipt.batch_id]).get(receipt.batch_id)
    if batch is not None and receipts.position_in(batch, order_id=order.id) is not None:
        return batch, facts
    signer = receipts.signer(now=now)
    batch = receipts.sign_batch(facts=[facts], contacts=[receipt.contact], signer=signer, now=now)
    receipts.ask_to_record(batch=batch, signer=signer).get()
    return batch, facts


def _thing(wish: Wish, asked: RebuildOrder) -> Thing:
    return Thing(kind="order", id=wish.subject.id, owner=asked.account_id)


def _wish(asked: RebuildOrder) -> Wish:
    receipt, _ = _read(asked.text)
    content = {
        "total": receipt.total,
        "currency": receipt.currency,
        "receipt": sha256(asked.text.encode()).hexdigest(),
        "contact": receipts.contact_digest(order_id=receipt.order_id, email=asked.email, phone=asked.phone).hex(),
        "account": asked.account_id,
    }
    if asked.paid:
        billed = find_billed(name=asked.paid)
        content["paid"] = f"{billed.name}: {billed.amount} {billed.subject}"
    if asked.kept is not None:
        content["from"] = asked.kept.source
        content["kept"] = sha256(msgspec.json.encode(asked.kept)).hexdigest()
    return Wish(
        permission=Permission.ORDERS_REBUILD,
        subject=Subject(kind="order", id=ids.to_number(receipt.order_id)),
        content=content,
        touched=() if asked.account_id is None else (asked.account_id,),
    )
