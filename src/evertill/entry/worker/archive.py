"""The process that sends the database's log to the target of backups, for as long as the shop is open."""

from __future__ import annotations

import signal
import sys
from contextlib import closing

import structlog

from evertill.domains import recovery
from evertill.journeys.archive_log import archive_log
from evertill.journeys.archive_work import Stop
from evertill.journeys.backup_server import server_url
from evertill.kernel import clock, config, log
from evertill.kernel.replication import StreamBroken
from evertill.outside.connect import connect

_log = structlog.get_logger("evertill.recovery")


def run() -> None:
    """This function will send the log until SIGTERM, then what is written by then, and return.

    It ends itself when the database goes away: its supervisor starts a fresh one. Django must be set up.
    """
    log.set_up(process="archive")
    connect()
    stop = Stop.make()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = config.get()
    target = recovery.target()
    if target is None:
        return
    with closing(target):
        try:
            archive_log(url=server_url(settings), target=target, clock=clock.now, stop=stop)
        except StreamBroken as error:
            _log.warning("archive broke off", why=error.detail)
            sys.exit(1)


def is_archiving(pid: int) -> bool:
    """This function will say whether the process does its work, or may not be waited for any longer.

    Where orders wait for the target, the shop opens once they do.
    """
    settings = config.get()
    state = recovery.place.Place(settings.data).read_archive()
    if state is None or state.pid != pid:
        return False
    return state.is_away or state.is_sync or not settings.log_sync
