"""The process that takes backups by the timetable. It is not one of the jobs, because it may be busy for hours."""

from __future__ import annotations

import os
import signal
import sys

import structlog

from evertill.domains import recovery
from evertill.journeys.archive_log import Stop
from evertill.journeys.take_backup import BackupRunning, due_backup, has_left, take_backup
from evertill.kernel import clock, config, db, log
from evertill.kernel.errors import EvertillError
from evertill.outside.connect import connect

_log = structlog.get_logger("evertill.recovery")

# It looks so often whether something is due.
_LOOK_S = 5.0
# After what did not work, it leaves the target alone for so long.
_REST_S = 60.0
# Customers and jobs come before backups.
_NICENESS = 15


def run() -> None:
    """This function will take backups when they are due, until SIGTERM. Django must be set up."""
    log.set_up(process="backups")
    connect()
    os.nice(_NICENESS)
    stop = Stop.make()
    for number in (signal.SIGTERM, signal.SIGINT):
        # What is under way is given up at once; it goes on, or begins anew, at the next start.
        signal.signal(number, lambda *_: sys.exit(0))
    wait_s = 0.0
    while not stop.wait(wait_s):
        wait_s = _LOOK_S if _look() else _REST_S
        # A connection that is idle for long is one that a restarted database has forgotten.
        db.close()


def _look() -> bool:
    """Do what is due, and say whether it went well."""
    line = recovery.place.Place(config.get().data).read_line()
    if line is None:
        return True
    try:
        if has_left(line=line):
            take_backup(kind=None, clock=clock.now)
        kind = due_backup(line=line, now=clock.now())
        if kind is not None:
            take_backup(kind=kind, clock=clock.now)
    except BackupRunning:
        return True
    except EvertillError as error:
        _log.warning("backup did not work", why=error.detail)
        return False
    except db.DatabaseError as error:
        _log.warning("the database is away", why=type(error).__name__)
        return False
    return True
