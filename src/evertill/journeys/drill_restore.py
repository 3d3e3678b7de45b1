"""Hold a restore drill: make the shop again from the copies, look at all of it, take an order in it, throw it away.

Nothing that the drill finds is believed because a program ended well: files against PostgreSQL's own list of them,
blocks against the log, pages against their checksums, indexes against their tables, books against themselves, and the
orders against those of the shop that is open.
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from evertill.domains import incidents, orders, recovery
from evertill.domains.recovery import Damaged, Drill, Key, Kind, Occasion, State, Target, Verdict
from evertill.journeys.anchor_journal import bring_heads, noted_at_target
from evertill.journeys.backup_server import slot_of
from evertill.journeys.examine_shop import Examined
from evertill.journeys.plan_restore import CopiesEnd, Plan, plan_restore
from evertill.journeys.read_catalogue import get_piece, list_pieces
from evertill.journeys.restore_shop import Unpacked, restore_shop
from evertill.journeys.scratch_shop import environment_of, make_place, open_target, running_small, throw_away
from evertill.journeys.take_backup import NoTarget, alone
from evertill.kernel import config, db, embedded
from evertill.kernel.clock import Clock
from evertill.kernel.errors import EvertillError
from evertill.kernel.said import Said

__all__ = ["DrillFailed", "hold_drill", "list_drills", "random_moment"]

_log = structlog.get_logger("evertill.recovery")

Opener = Callable[[], Target]
Report = Callable[[str, int, int], None]
# Examines the shop at an address, with a secret, by what was placed before a moment.
Examine = Callable[[Mapping[str, str], dt.datetime], Examined]

_FAILED = incidents.Kind.DRILL_FAILED
# An order is stored a moment after the time that it bears. What is younger than this may be on either side.
_MARGIN = dt.timedelta(seconds=60)
# How long to wait for the log of this moment at the target, and how often to look.
_LAG_S, _LOOK_S = 60.0, 0.01
_TOLD_MAX = 5
_SEEN_MAX = 500
# The log of this moment may still be on its way.
_RECENT = dt.timedelta(seconds=10)


def hold_drill(
    *,
    occasion: Occasion,
    at: dt.datetime | None,
    examine: Examine,
    clock: Clock,
    report: Report = lambda _step, _done, _all: None,
) -> Drill:
    """This function will try a restore to a moment, without one to the latest, and keep how it ended.

    A drill that fails is an alert, and one that passes closes it. Raises NoTarget, BackupRunning, TargetUnavailable
    and TargetRefuses, which say nothing about the copies.
    """
    place = recovery.place.Place(config.get().data)
    line = place.read_line()
    if recovery.target() is None or line is None:
        raise NoTarget("There are no backups that could be tried.")
    with alone():
        work = _Work(
            place=place, key=place.ensure_key(), at=at, examine=examine, report=report, clock=clock, began_at=clock()
        )
        verdict = Verdict.PASSED
        try:
            _try(work, line=line.id)
        except (recovery.TargetUnavailable, recovery.TargetRefuses):
            raise
        except (CopiesEnd, recovery.rules.NothingToRestore):
            # Somebody asked for a moment of which there are no copies; that says nothing about those that there are.
            if occasion is Occasion.ASKED:
                raise
            verdict = Verdict.FAILED
            work.note("✗ there is no copy of a moment of which there has to be one", code="DRILL_NO_COPY")
        except (EvertillError, OSError) as error:
            verdict = Verdict.FAILED
            work.note(
                f"✗ {error.detail if isinstance(error, EvertillError) else error}",
                code=error.code if isinstance(error, EvertillError) else "DRILL_DISK",
            )
        finally:
            throw_away(place.drills)
        drill = Drill(
            occasion=occasion,
            backup=work.backup,
            wanted_at=at,
            began_at=work.began_at,
            ended_at=clock(),
            verdict=verdict,
            rpo_ms=work.rpo_ms,
            rto_ms=work.rto_ms,
            certificate=[str(line) for line in work.certificate],
            told=work.certificate,
        )
        return _record(drill, line=line.id, now=clock())


def random_moment(*, now: dt.datetime, dice: random.Random) -> dt.datetime | None:
    """This function will return a moment between the first backup that is kept and now; None when there is none."""
    place = recovery.place.Place(config.get().data)
    line, began = place.read_line(), place.read_log_begin()
    if line is None or began is None:
        return None
    known = recovery.queries.read_backups(line=line.id, limit=_SEEN_MAX)
    ends = [one.ended_at for one in known if one.state is State.COMPLETE and one.ended_at and (one.start or 0) >= began]
    first, last = min(ends, default=now), now - _RECENT
    return first + (last - first) * dice.random() if first < last else None


def list_drills(*, limit: int) -> list[Drill]:
    """This function will return up to `limit` drills, the latest first."""
    return recovery.queries.read_drills(limit=limit)


@dataclass(slots=True, kw_only=True)
class _Work:
    place: recovery.place.Place
    key: Key
    at: dt.datetime | None
    examine: Examine
    report: Report
    clock: Clock
    began_at: dt.datetime
    backup: str = ""
    rpo_ms: int | None = None
    rto_ms: int | None = None
    # What only a drill does, and so is no part of how long a restore takes.
    beside_s: float = 0.0
    certificate: list[Said] = field(default_factory=list)

    def note(self, text: str, *, code: str, **values: str) -> None:
        """Put a line on the certificate."""
        self.certificate.append(Said(text=text, code=code, values=values))

    @contextmanager
    def looking(self, what: str, *, code: str) -> Iterator[None]:
        """Time spent on looking is not spent on restoring."""
        began = time.monotonic()
        self.report(what, 0, 0)
        yield
        self.note(f"✓ {what}", code=code)
        self.beside_s += time.monotonic() - began


class DrillFailed(EvertillError):
    """The restored shop is not sound."""

    code = "DRILL_FAILED"
    status = "conflict"
    kept = "The shop and its copies are as they were; the restored shop was thrown away."
    remedy = "Look at what it names; take a full backup with `evertill backup now --full`, and try again."


def _try(work: _Work, *, line: str) -> None:
    opener = open_target
    work.rpo_ms = _lag_ms(work.place)
    if work.rpo_ms is None:
        raise DrillFailed(f"The log does not come to the target: not within {_LAG_S:.0f} s.")
    began = time.monotonic()
    with closing(opener()) as target:
        plan = plan_restore(target=target, key=work.key, at=work.at, line=line)
    work.backup = plan.backup.id
    folder = make_place(work.place)
    restored = restore_shop(
        plan=plan,
        opener=opener,
        key=work.key,
        into=folder,
        report=work.report,
        look=lambda unpacked: _look_at_files(work, plan, unpacked, opener=opener),
    )
    said = f"{restored.last_at:%Y-%m-%d %H:%M:%S} UTC" if restored.last_at else "its backup"
    work.note(
        f"✓ restored from {plan.backup.id} and the log up to {said}",
        code="DRILL_RESTORED" if restored.last_at else "DRILL_RESTORED_BACKUP",
        backup=plan.backup.id,
        moment=said,
    )
    reading = work.looking("what was noted at the target of its journal is read", code="DRILL_JOURNAL")
    with reading, closing(opener()) as target:
        bring_heads(noted=noted_at_target(target=target, key=work.key, line=plan.line), folder=folder)
    _examine(work, plan, folder, began=began)


def _lag_ms(place: recovery.place.Place) -> int | None:
    """Return how long what is committed now takes to come to the target; None when it does not come in time."""
    line = place.read_line()
    flushed, began = recovery.queries.read_flushed(), time.monotonic()
    while line is not None and time.monotonic() - began < _LAG_S:
        if (recovery.queries.read_slot_position(slot=slot_of(line)) or 0) >= flushed:
            return int((time.monotonic() - began) * 1000)
        time.sleep(_LOOK_S)
    return None


def _look_at_files(work: _Work, plan: Plan, unpacked: Unpacked, *, opener: Opener) -> None:
    with work.looking("every file is as PostgreSQL listed it", code="DRILL_FILES"):
        for folder in unpacked.folders:
            recovery.copying.run(
                [unpacked.programs / "pg_verifybackup", "--no-parse-wal", "--exit-on-error", "--quiet", folder]
            )
    if plan.backup.kind is Kind.INCREMENTAL:
        what = "the incremental backup holds every block that the log says was changed"
        with work.looking(what, code="DRILL_COVERAGE"):
            _look_at_coverage(work, plan, unpacked, opener=opener)


def _look_at_coverage(work: _Work, plan: Plan, unpacked: Unpacked, *, opener: Opener) -> None:
    parent, backup = plan.chain[-2], plan.chain[-1]
    log = unpacked.folders[-1].parent / "log-before"
    log.mkdir()
    with closing(opener()) as target:
        pieces = recovery.rules.cover(
            list_pieces(target, line=plan.line, timeline=backup.timeline, since=parent.start),
            timeline=backup.timeline,
            start=parent.start,
            until=backup.ended_at,
        )
        if not pieces or pieces[-1].end < backup.stop:
            raise recovery.rules.WalMissing(f"The log between {parent.id} and {backup.id} is not all there.")
        recovery.assembling.write_segments(
            pieces,
            start=parent.start,
            segment_bytes=plan.line.segment_bytes,
            into=log,
            read=lambda piece: get_piece(target, key=work.key, line=plan.line, piece=piece),
        )
    stretch = recovery.coverage.Stretch(
        folder=log, timeline=backup.timeline, start=parent.start, end=backup.start, readable=backup.stop
    )
    missing = recovery.coverage.find_uncovered(backup=unpacked.folders[-1], log=stretch, programs=unpacked.programs)
    shutil.rmtree(log)
    if missing:
        told = ", ".join(missing[:_TOLD_MAX])
        raise Damaged(f"The backup {backup.id} leaves out {len(missing)} changed blocks: {told}.")


def _examine(work: _Work, plan: Plan, folder: Path, *, began: float) -> None:
    cluster = embedded.prepare(folder=folder, tell=lambda _line: None)
    before = (plan.at or plan.ends_at) - _MARGIN
    with running_small(folder) as url:
        work.report("Taking an order", 0, 0)
        started = time.monotonic()
        examined = work.examine(environment_of(folder, url=url), before)
        # Its audit is no part of a restore.
        work.beside_s += time.monotonic() - started - examined.order_s
        work.rto_ms = int((time.monotonic() - began - work.beside_s) * 1000)
        _judge(work, examined, before=before)
        with work.looking("every index and table is sound by pg_amcheck", code="DRILL_INDEXES"):
            words = ["--all", "--install-missing", "--heapallindexed", "--no-password", "--jobs=1"]
            recovery.copying.run([cluster.programs / "pg_amcheck", *words], url=embedded.superuser_url(folder))
    with work.looking("every page fits its checksum", code="DRILL_PAGES"):
        recovery.copying.run([cluster.programs / "pg_checksums", "--check", f"--pgdata={cluster.data}"])


def _judge(work: _Work, examined: Examined, *, before: dt.datetime) -> None:
    if examined.order is not None:
        work.note(f"✓ it took the order {examined.order}", code="DRILL_ORDER", number=examined.order)
    if examined.faults:
        raise DrillFailed("; ".join(examined.faults))
    work.note("✓ its books are sound", code="DRILL_BOOKS")
    count, fingerprint = orders.fingerprint(placed_before=before)
    moment = f"{before:%Y-%m-%d %H:%M:%S} UTC"
    if (examined.orders, examined.fingerprint) != (count, fingerprint):
        raise DrillFailed(f"Of orders before {moment} there are {count} here and {examined.orders} there, or others.")
    told = f"✓ it has the same {count} orders of before {moment} as the shop"
    work.note(told, code="DRILL_SAME", count=str(count), moment=moment)


def _record(drill: Drill, *, line: str, now: dt.datetime) -> Drill:
    with db.write():
        recovery.operations.record_drill(drill=drill)
        if drill.verdict is Verdict.PASSED:
            incidents.close_alerts(kind=_FAILED, subject=line, actor="clock", why="a drill passed", now=now)
        else:
            incidents.raise_alert(kind=_FAILED, subject=line, detail=drill.told[-1], now=now)
    _log.info("drill held", verdict=drill.verdict, backup=drill.backup, rpo_ms=drill.rpo_ms, rto_ms=drill.rto_ms)
    return drill
