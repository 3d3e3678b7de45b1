"""Recover an order from a backup: the rows of this one order come back, as a search of the backups found them.

It is put back as from its receipt (`rebuild_order.py`), by two people and under a hold; the backup adds whose it is,
how he is reached, what its goods were called, the key of its request and its payments. What became of money that was
under way is asked of its providers; what the backup has as final, because some of it had gone back or a prepaid balance
had paid, is taken as it is there. So the books have it once.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from evertill.domains import orders, payments
from evertill.domains.access import Permission
from evertill.domains.approvals import Approval, ApprovalRequired
from evertill.domains.recovery import BackupSearch
from evertill.domains.trail import Subject
from evertill.journeys import rebuild_order
from evertill.journeys.ask_to_search import SearchNotFound, read_lost
from evertill.journeys.kept_money import KeptPayment, is_final
from evertill.journeys.look_into_copy import CopiedOrder
from evertill.journeys.permitted import Asker, check_permitted, recording_refusals
from evertill.journeys.rebuild_order import Kept, RebuildOrder, Rebuilt
from evertill.kernel import ids
from evertill.kernel.errors import EvertillError

__all__ = [
    "ApprovalRequired",
    "OrderOver",
    "Rebuilt",
    "ReceiptNotKept",
    "RecoverOrder",
    "SearchNotFound",
    "ask_to_recover",
    "recover_order",
]


_ENDED = (orders.State.CANCELLED, orders.State.EXPIRED)


class OrderOver(EvertillError):
    """In the backup its money did not come out even, so that people have to settle it."""

    code = "ORDER_OVER"
    status = "conflict"
    remedy = "Do that by hand, and answer its customer with what the backup shows."


class ReceiptNotKept(EvertillError):
    """The backup has no receipt of the order, so that nothing proves its rows."""

    code = "RECEIPT_NOT_KEPT"
    status = "conflict"
    remedy = "Search as of a later moment: orders of before there were receipts were given theirs afterwards."


class RecoverOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Which order is put back, from which search; `paid` names the line of a bill by which its money came, or ""."""

    search_id: int
    order_id: int
    paid: str = ""
    why: str


def recover_order(*, asker: Asker, asked: RecoverOrder, now: dt.datetime) -> Rebuilt:
    """This function will put an order back that a search found, when another person has approved exactly this.

    Raises Forbidden, ApprovalRequired, SearchNotFound, OrderOver, ReceiptNotKept, and what rebuild_order raises.
    """
    return rebuild_order.rebuild_order(asker=asker, asked=_asked(asker, asked, now=now), now=now)


def ask_to_recover(*, asker: Asker, asked: RecoverOrder, now: dt.datetime) -> Approval:
    """This function will ask for the approval of exactly this; raises what recover_order raises."""
    return rebuild_order.ask_to_rebuild(asker=asker, asked=_asked(asker, asked, now=now), now=now)


def _asked(asker: Asker, asked: RecoverOrder, *, now: dt.datetime) -> RebuildOrder:
    subject = Subject(kind="order", id=ids.to_number(asked.order_id))
    with recording_refusals(asker=asker, subject=subject, now=now):
        check_permitted(asker=asker, permission=Permission.ORDERS_REBUILD)
    search, lost = read_lost(search_id=asked.search_id, order_id=asked.order_id)
    copied = lost.copied
    if copied.is_over:
        raise OrderOver(
            " ".join(map(str, copied.by_hand)) or "In the backup the money of this order did not come out even."
        )
    if not copied.receipt:
        raise ReceiptNotKept("The backup has no receipt of this order.")
    return RebuildOrder(
        text=copied.receipt,
        email=copied.order.email,
        phone=copied.order.phone,
        language=copied.order.language,
        account_id=copied.order.account_id,
        paid=asked.paid,
        kept=_kept(search, copied),
        why=asked.why,
    )


def _kept(search: BackupSearch, copied: CopiedOrder) -> Kept:
    moment = f" as of {search.reached_at:%Y-%m-%d %H:%M:%S} UTC" if search.reached_at else ""
    return Kept(
        source=f"{search.backup}{moment}",
        key_digest=copied.key_digest,
        body_digest=copied.body_digest,
        titles={line.sku: line.title for line in copied.order.lines},
        payments=tuple(one for one in copied.payments if is_final(one) or _can_be_asked(one)),
        ended=copied.order.state if copied.order.state in _ENDED else None,
        by_hand=tuple(copied.by_hand),
    )


def _can_be_asked(payment: KeptPayment) -> bool:
    """Whether a provider can say what became of it; money of our own books was lost, or not, with these."""
    try:
        provider = payments.provider(payment.provider)
    except payments.UnknownProvider:
        return False
    return payments.Capability.INSTANT not in provider.capabilities
