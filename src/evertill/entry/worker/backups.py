"""The process that takes backups by the timetable and tries them. It is no job, because it may be busy for hours."""

from __future__ import annotations

import datetime as dt
import random
import signal
import sys
import time
from dataclasses import dataclass, field

import structlog

from evertill.domains import recovery
from evertill.domains.recovery import Kind, Line, Occasion, Wish
from evertill.entry.worker.examine import ask_apart, examine_apart
from evertill.journeys.anchor_journal import send_head
from evertill.journeys.archive_work import Stop
from evertill.journeys.ask_backup import next_asked, put_back
from evertill.journeys.ask_to_search import forget_found
from evertill.journeys.drill_restore import hold_drill, random_moment
from evertill.journeys.due_backup import due_backup
from evertill.journeys.keep_backup_key import check_custody
from evertill.journeys.prune_backups import prune_backups
from evertill.journeys.search_backups import hold_next_search
from evertill.journeys.take_backup import BackupRunning, has_left, take_backup
from evertill.journeys.verify_backups import verify_own
from evertill.kernel import clock, config, db, log, priority
from evertill.kernel.errors import EvertillError
from evertill.outside.connect import connect

_log = structlog.get_logger("evertill.recovery")

# It looks so often whether something is due.
_LOOK_S = 5.0
# After what did not work, it leaves the target alone for so long.
_REST_S = 60.0
_HOUR_S = 3600.0
# So often it notes at the target which seal of the journal is the newest.
_ANCHOR_S = 300.0


def run() -> None:
    """This function will do what is due, one thing after the other, until SIGTERM. Django must be set up."""
    log.set_up(process="backups")
    connect()
    # Customers and jobs come before backups.
    priority.stand_back()
    stop = Stop.make()
    for number in (signal.SIGTERM, signal.SIGINT):
        # What is under way is given up at once; it goes on, or begins anew, at the next start.
        signal.signal(number, lambda *_: sys.exit(0))
    timetable = _Timetable()
    wait_s = 0.0
    while not stop.wait(wait_s):
        wait_s = _LOOK_S if _look(timetable) else _REST_S
        # A connection that is idle for long is one that a restarted database has forgotten.
        db.close()


@dataclass(slots=True)
class _Timetable:
    """What this process remembers of what it did; at a start everything else is asked of the database."""

    dice: random.Random = field(default_factory=random.SystemRandom)
    # Moments of the monotonic clock.
    custody_at: float = 0.0
    anchored_at: float = 0.0
    drill_at: float = field(default_factory=lambda: time.monotonic() + 60.0 * config.get().drill_min)


def _look(timetable: _Timetable) -> bool:
    """Do what is due, and say whether it went well."""
    line = recovery.place.Place(config.get().data).read_line()
    if line is None:
        return True
    try:
        _back_up(line)
        _try_and_tell(timetable, line)
    except BackupRunning:
        return True
    except EvertillError as error:
        _log.warning("backups do not work", why=error.detail)
        return False
    except db.DatabaseError as error:
        _log.warning("the database is away", why=type(error).__name__)
        return False
    return True


def _back_up(line: Line) -> None:
    if has_left(line=line):
        take_backup(kind=None, clock=clock.now)
    _do_asked()
    hold_next_search(ask=ask_apart, clock=clock.now)
    kind = due_backup(line=line, now=clock.now())
    if kind is not None:
        _take(kind)


def _do_asked() -> None:
    asked = next_asked(now=clock.now())
    if asked is None:
        return
    try:
        if asked.wish is Wish.DRILL:
            hold_drill(occasion=Occasion.ASKED, at=None, examine=examine_apart, clock=clock.now)
        else:
            _take(Kind(asked.wish.value))
    except BackupRunning:
        put_back(asked=asked, now=clock.now())
        raise


def _take(kind: Kind) -> None:
    manifest = take_backup(kind=kind, clock=clock.now)
    hold_drill(occasion=Occasion.BACKUP, at=None, examine=examine_apart, clock=clock.now)
    if manifest is not None and manifest.kind is Kind.FULL:
        prune_backups(now=clock.now())


def _try_and_tell(timetable: _Timetable, line: Line) -> None:
    settings = config.get()
    if time.monotonic() >= timetable.anchored_at:
        timetable.anchored_at = time.monotonic() + (_ANCHOR_S if send_head() else _ANCHOR_S / 10)
    if time.monotonic() >= timetable.custody_at:
        check_custody(now=clock.now())
        forget_found(now=clock.now())
        timetable.custody_at = time.monotonic() + _HOUR_S
    if settings.drill_min and time.monotonic() >= timetable.drill_at:
        timetable.drill_at = time.monotonic() + 60.0 * settings.drill_min
        moment = random_moment(now=clock.now(), dice=timetable.dice)
        if moment is not None:
            hold_drill(occasion=Occasion.RANDOM, at=moment, examine=examine_apart, clock=clock.now)
    verified_at = recovery.place.Place(settings.data).read_verified() or line.began_at
    every = dt.timedelta(days=settings.backup_verify_days)
    if every and clock.now() - verified_at >= every:
        verify_own(now=clock.now())
