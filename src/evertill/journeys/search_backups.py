"""Search the backups for an order that the shop has lost: restore a copy, look there, show what is missing here.

One search runs at a time, beside no backup and no drill, in the place where drills restore. What the shop itself has is
never taken out of a copy. Who asks for it, and who sees what was found, stands in `ask_to_search.py`.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from subprocess import SubprocessError
from typing import ClassVar

import msgspec
import structlog

from evertill.domains import claims, orders, receipts, recovery
from evertill.domains.claims import Clues, Finding
from evertill.domains.recovery import BackupSearch, Key, SearchState, TargetRefuses, TargetUnavailable
from evertill.journeys.ask_to_search import LostOrder, Searched, ask_to_search, lost_of
from evertill.journeys.look_into_copy import Answer, Question
from evertill.journeys.permitted import Asker
from evertill.journeys.plan_restore import CopiesEnd, Plan, plan_restore
from evertill.journeys.read_catalogue import Catalogue, read_catalogue
from evertill.journeys.restore_shop import restore_shop
from evertill.journeys.scratch_shop import environment_of, make_place, open_target, running_small, throw_away
from evertill.journeys.take_backup import BackupRunning, alone
from evertill.kernel import config, db, ids
from evertill.kernel.clock import Clock
from evertill.kernel.errors import EvertillError, Status

__all__ = [
    "BackupRunning",
    "NoRoom",
    "SearchFailed",
    "Searched",
    "hold_next_search",
    "search_at_once",
]

_log = structlog.get_logger("evertill.recovery")

Report = Callable[[str, int, int], None]
# Asks a restored shop, named by its environment, in a process of its own.
Ask = Callable[[Mapping[str, str], Question], Answer]

# An order was there soon after it was placed, and as a rule paid; who was told of a day may mean its end.
_AFTER = dt.timedelta(hours=1)
# Copies of several lines may reach to the wanted moment; each is restored.
_COPIES_MAX = 3
_LOST_MAX = 5
_TELL_S = 1.0
_MIB = 1 << 20


class NoRoom(EvertillError):
    """There is no room to restore a copy beside the shop."""

    code = "SEARCH_NO_ROOM"
    status: ClassVar[Status] = "unavailable"
    kept = "Nothing was restored; the shop and its copies are as they were."
    remedy = "Make room on the disk of the data folder, or lower EVERTILL_SEARCH_SPARE_MB."


class SearchFailed(EvertillError):
    """A copy was restored, and cannot be looked into."""

    code = "SEARCH_FAILED"
    status: ClassVar[Status] = "conflict"
    kept = "The shop and its copies are as they were; the restored copy was thrown away."
    remedy = "Hold a restore drill, which says what is wrong with it, or search as of another moment."


def search_at_once(
    *,
    asker: Asker,
    claim_id: int | None = None,
    number: str = "",
    at: dt.datetime | None = None,
    why: str,
    ask: Ask,
    clock: Clock,
    report: Report,
) -> Searched:
    """This function will search the backups here and now, and return what came of it.

    Raises what ask_to_search raises, BackupRunning, TargetUnavailable and TargetRefuses.
    """
    with alone():
        new = ask_to_search(asker=asker, claim_id=claim_id, number=number, at=at, why=why, now=clock())
        ended = _take(search_id=new.id, ask=ask, clock=clock, report=report)
        assert ended is not None  # noqa: S101 — it was asked for a moment ago, and nobody else may take it.
        return Searched(search=ended, lost=lost_of(ended))


def hold_next_search(*, ask: Ask, clock: Clock) -> BackupSearch | None:
    """This function will do what has waited longest, and return how it ended; None when nothing waits.

    It first removes what a process that was killed left of a scratch shop. Raises BackupRunning, TargetUnavailable and
    TargetRefuses, and what db.write raises; then it is done later.
    """
    place = recovery.place.Place(config.get().data)
    if not place.drills.exists() and not recovery.searches.is_waiting():
        return None
    with alone():
        throw_away(place.drills)
        return _take(search_id=None, ask=ask, clock=clock, report=lambda _step, _done, _whole: None)


@dataclass(slots=True, kw_only=True)
class _Work:
    search: BackupSearch
    clues: Clues
    place: recovery.place.Place
    key: Key
    ask: Ask
    clock: Clock
    report: Report
    told_at: float = field(default=-_TELL_S)
    backup: str = ""
    reached_at: dt.datetime | None = None

    def tell(self, step: str, done: int, whole: int) -> None:
        """Keep how far it is, for whoever looks at the page, and not more often than he can read."""
        self.report(step, done, whole)
        if time.monotonic() - self.told_at < _TELL_S:
            return
        self.told_at = time.monotonic()
        with db.write():
            recovery.searches.note_progress(search_id=self.search.id, step=step, done=done, whole=whole)


def _take(*, search_id: int | None, ask: Ask, clock: Clock, report: Report) -> BackupSearch | None:
    with db.write():
        search = recovery.searches.take(now=clock(), search_id=search_id)
    if search is None:
        return None
    place = recovery.place.Place(config.get().data)
    clues = msgspec.json.decode(search.clues, type=Clues)
    work = _Work(search=search, clues=clues, place=place, key=place.ensure_key(), ask=ask, clock=clock, report=report)
    lost: tuple[LostOrder, ...] = ()
    code = error = ""
    try:
        lost = _search(work)
    except (TargetUnavailable, TargetRefuses):
        with db.write():
            recovery.searches.put_back(search_id=search.id)
        raise
    except (EvertillError, OSError, SubprocessError, msgspec.MsgspecError) as failure:
        code, error = "INTERNAL", str(failure)
        if isinstance(failure, EvertillError):
            code, error = failure.code, failure.detail
    finally:
        throw_away(place.drills)
    return _end(work, lost, code=code, error=error)


def _end(work: _Work, lost: tuple[LostOrder, ...], *, code: str, error: str) -> BackupSearch:
    state = SearchState.FAILED if code else SearchState.FOUND if lost else SearchState.NOTHING
    ended = msgspec.structs.replace(
        work.search,
        state=state,
        backup=work.backup,
        reached_at=work.reached_at,
        ended_at=work.clock(),
        found=msgspec.json.encode(lost).decode() if lost else "",
        code=code,
        error=error,
    )
    with db.write():
        recovery.searches.end(search=ended, now=work.clock())
        if ended.claim_id is not None and claims.operations.lock(claim_id=ended.claim_id) is not None:
            kind = f"backups.{state.value.lower()}"
            claims.operations.note(claim_id=ended.claim_id, kind=kind, actor="clock", now=work.clock())
    _log.info("backups searched", search=ended.number, state=state, backup=work.backup, lost=len(lost), error=error)
    return ended


def _search(work: _Work) -> tuple[LostOrder, ...]:
    wanted_at = work.search.wanted_at or moment_of(work.clues, now=work.clock())
    for plan in _plans(work, at=wanted_at):
        work.backup, work.reached_at = plan.backup.id, plan.at or plan.ends_at
        lost = _look(work, plan)
        if lost:
            return lost
    return ()


def moment_of(clues: Clues, *, now: dt.datetime) -> dt.datetime | None:
    """This function will say as of when an order of these clues is looked for: soon after it was placed.

    A number begins with its minute, a receipt says its moment; of a day it is the end. None: as late as possible.
    """
    moment = None
    if clues.receipt:
        moment = receipts.read(clues.receipt).placed_at + _AFTER
    elif exact := claims.looking.read_number(clues.number).exact:
        moment = ids.minute_of(max(exact)) + _AFTER
    elif clues.date is not None:
        _, moment = claims.looking.day_span(clues.date, days=0)
    return moment if moment is not None and moment < now else None


def _plans(work: _Work, *, at: dt.datetime | None) -> Iterator[Plan]:
    """Ways to restore a copy of that moment: from this shop's own line, and from those before it at the same place.

    A shop that was itself restored has what it lost in the line of before.
    """
    line = work.place.read_line()
    with closing(open_target()) as target:
        catalogues = read_catalogue(target=target, key=work.key, damaged=_warn)
    # Of the latest moment this shop's own line has what the shop has.
    catalogues.sort(key=lambda one: (line is not None and one.line.id == line.id) == (at is None))
    first: EvertillError | None = None
    given = 0
    for catalogue in catalogues:
        try:
            plan = _plan(work, catalogue, at=at)
        except (recovery.rules.NothingToRestore, recovery.rules.LinkMissing, recovery.rules.WalMissing) as error:
            first = first or error
            continue
        yield plan
        given += 1
        if given == _COPIES_MAX:
            return
    if not given:
        raise first or recovery.rules.NothingToRestore("There is no complete backup.")


def _plan(work: _Work, catalogue: Catalogue, *, at: dt.datetime | None) -> Plan:
    with closing(open_target()) as target:
        try:
            return plan_restore(target=target, key=work.key, at=at, line=catalogue.line.id)
        except CopiesEnd:
            # That line ended before; its last moment is the nearest that there is.
            return plan_restore(target=target, key=work.key, at=None, line=catalogue.line.id)


def _look(work: _Work, plan: Plan) -> tuple[LostOrder, ...]:
    folder = make_place(work.place)
    free, spare = shutil.disk_usage(work.place.drills).free, config.get().search_spare_mb * _MIB
    if free - plan.disk_bytes < spare:
        raise NoRoom(
            f"A copy takes {plan.disk_bytes // _MIB} MiB, {free // _MIB} MiB are free, {spare // _MIB} stay so."
        )
    restore_shop(plan=plan, opener=open_target, key=work.key, into=folder, report=work.tell)
    work.told_at = -_TELL_S
    work.tell("Looking for the order", 0, 0)
    with running_small(folder) as url:
        environment = environment_of(folder, url=url)
        candidates = work.ask(environment, Question(clues=work.clues)).candidates
        here = set(orders.seeking.known(order_ids=[one.order_id for one in candidates if one.order_id is not None]))
        judged = claims.scoring.judge(
            clues=work.clues, candidates=[one for one in candidates if one.order_id not in here]
        )
        findings = {one.order_id: one for one in judged.findings[:_LOST_MAX] if one.order_id is not None}
        copied = work.ask(environment, Question(orders=tuple(findings))).orders if findings else ()
    by_id = {one.order.id: one for one in copied}
    return tuple(
        LostOrder(finding=_as_of_backup(finding), copied=by_id[order_id])
        for order_id, finding in findings.items()
        if order_id in by_id
    )


def _as_of_backup(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, source=claims.Source.BACKUP)


def _warn(damage: EvertillError) -> None:
    _log.warning("a part of the copies cannot be read", why=damage.detail)
