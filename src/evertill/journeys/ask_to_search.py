"""Have the backups searched for an order that the shop has lost, and see what came of it (`search_backups.py`).

What was found is kept for some days, for those who may put orders back (`recover_order.py`).
"""

from __future__ import annotations

import datetime as dt
import secrets

import msgspec

from evertill.domains import orders, recovery, trail
from evertill.domains.access import Permission
from evertill.domains.claims import Clues, Finding
from evertill.domains.recovery import BackupSearch, SearchWaits
from evertill.domains.trail import Subject
from evertill.journeys.look_into_copy import CopiedOrder
from evertill.journeys.permitted import Asker, looking, permitted
from evertill.journeys.take_backup import NoTarget
from evertill.journeys.view_claim import ClaimNotFound, find_claim
from evertill.kernel import config, db, ids
from evertill.kernel.errors import EvertillError

__all__ = [
    "ClaimNotFound",
    "CluesTooFew",
    "LostOrder",
    "NoTarget",
    "SearchNotFound",
    "SearchWaits",
    "Searched",
    "ask_to_search",
    "forget_found",
    "lost_of",
    "read_lost",
    "view_searches",
]

_SHOWN_MAX = 20


class SearchNotFound(EvertillError):
    """There is no such search, or what it found is forgotten."""

    code = "SEARCH_NOT_FOUND"
    status = "not_found"
    remedy = "Search the backups again."


class CluesTooFew(EvertillError):
    """Nothing is known by which an order could be found in a backup."""

    code = "CLUES_TOO_FEW"
    remedy = "Give the order's number, or file a claim with what its customer remembers."


class LostOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that a backup has and the shop has not, with how well it fits the clues."""

    finding: Finding
    copied: CopiedOrder


def ask_to_search(
    *,
    asker: Asker,
    claim_id: int | None = None,
    number: str = "",
    at: dt.datetime | None = None,
    why: str,
    now: dt.datetime,
) -> BackupSearch:
    """This function will have the backups searched for what a claim is about, or for an order by its number.

    `at` is as of when; without it the clues decide. Raises Forbidden, NoTarget, ClaimNotFound, CluesTooFew and
    SearchWaits.
    """
    subject = Subject(kind="claim", id=ids.to_number(claim_id)) if claim_id else Subject(kind="order", id=number[:40])
    with permitted(asker=asker, permission=Permission.ORDERS_REBUILD, subject=subject, now=now):
        if recovery.target() is None and not config.get().backup_target:
            raise NoTarget("EVERTILL_BACKUP_TARGET is not set, so there are no backups to search.")
        clues = find_claim(claim_id=claim_id).clues if claim_id else Clues(number=number.strip())
        (search_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
        new = BackupSearch(
            id=search_id,
            number=ids.to_number(search_id),
            claim_id=claim_id,
            clues=msgspec.json.encode(clues).decode(),
            wanted_at=at,
            asked_by=asker.name,
            asked_at=now,
        )
        if clues.is_empty:
            raise CluesTooFew("There is nothing to look for.")
        recovery.searches.ask(new=new, most=config.get().searches_open_max)
        trail.write(
            actor=asker.actor,
            operation="backups.search",
            subject=subject,
            after={"search": new.number, "at": at.isoformat() if at else ""},
            why=why,
            now=now,
        )
    return new


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """A search as staff see it: how it stands, and what it found that the shop still has not."""

    search: BackupSearch
    lost: tuple[LostOrder, ...]


def view_searches(*, asker: Asker, claim_id: int, now: dt.datetime) -> list[Searched]:
    """This function will return the searches because of a claim, the latest first; raises Forbidden.

    Only where orders are shown is that a look at what is personal: a page of progress is read again and again.
    """
    subject = Subject(kind="claim", id=ids.to_number(claim_id))
    with permitted(asker=asker, permission=Permission.ORDERS_REBUILD, subject=subject, now=now):
        found = recovery.searches.list_of_claim(claim_id=claim_id, limit=_SHOWN_MAX)
        shown = [Searched(search=one, lost=_still_lost(one)) for one in found]
    if any(one.lost for one in shown):
        with looking(asker=asker, permission=Permission.ORDERS_REBUILD, subject=subject, now=now) as look:
            look.note(lost=[one.finding.name for each in shown for one in each.lost])
    return shown


def read_lost(*, search_id: int, order_id: int) -> tuple[BackupSearch, LostOrder]:
    """This function will return an order that a search found; raises SearchNotFound. The caller sees to who may."""
    search = recovery.searches.read(search_id=search_id)
    for lost in lost_of(search) if search is not None else ():
        if lost.finding.order_id == order_id and search is not None:
            return search, lost
    raise SearchNotFound("This search found no such order, or what it found is forgotten.")


def forget_found(*, now: dt.datetime) -> int:
    """This function will forget what searches found that ended long ago, and return how many found anything."""
    with db.write():
        return recovery.searches.forget(ended_before=now - dt.timedelta(days=config.get().search_keep_days))


def lost_of(search: BackupSearch) -> tuple[LostOrder, ...]:
    """This function will return the orders that a search found, whether or not the shop has them by now."""
    return msgspec.json.decode(search.found, type=tuple[LostOrder, ...]) if search.found else ()


def _still_lost(search: BackupSearch) -> tuple[LostOrder, ...]:
    lost = lost_of(search)
    here = set(orders.seeking.known(order_ids=[one.copied.order.id for one in lost])) if lost else set()
    return tuple(one for one in lost if one.copied.order.id not in here)
