"""Replay the log: have PostgreSQL bring what was copied to the wanted moment, and close it again."""

from __future__ import annotations

import datetime as dt
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from evertill.domains import recovery
from evertill.journeys.plan_restore import LogEnds, Plan
from evertill.kernel import embedded
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.files import write_whole
from evertill.kernel.supervise import Child, start

__all__ = ["ALTERED", "Report", "RestoreFailed", "ask_to_replay", "replay_log"]

# Step, how much of it is done, how much it is altogether; 0 where nobody knows.
Report = Callable[[str, int, int], None]

# Where PostgreSQL keeps what it was told by ALTER SYSTEM.
ALTERED = "postgresql.auto.conf"
_REPLAY_S = 7 * 86400.0
# What PostgreSQL says when the log ends before a commit behind the wanted moment.
_NOTHING_BEHIND = "before configured recovery target was reached"

_RECOVERING = re.compile(r"recovering ([0-9A-F]{24})")

# What it says when it has come to the end of the log: when the last commit in that was.
_LAST = re.compile(r"last completed transaction was at log time (\S+ \S+)")

# While it replays, nobody is let in: until its roles have new passwords it knows those of the shop that was copied,
# and whoever reads old backups. And nothing is worth a wait for the disk: what is cut off begins anew. All is brought
# to the disk once, at the end.
_REPLAYING = """
restore_command = 'cp "{log}/%f" "%p"'
recovery_target_timeline = 'current'
recovery_target_action = 'promote'
{until}
hot_standby = off
hba_file = '{nobody}'
logging_collector = off
fsync = off
full_page_writes = off
shared_buffers = '256MB'
summarize_wal = off
autovacuum = off
synchronous_standby_names = ''
log_min_messages = 'log'
log_destination = 'stderr'
log_timezone = 'UTC'
lc_messages = 'C'
checkpoint_timeout = '1h'
max_wal_size = '64GB'
"""


class RestoreFailed(EvertillError):
    """The copies are whole, and PostgreSQL could not make a database of them."""

    code = "RESTORE_FAILED"
    status: ClassVar[Status] = "conflict"
    kept = "What was begun was removed; the copies are as they were."
    remedy = "Do what its words say, or restore to another moment, or from another backup."


def ask_to_replay(data: Path, *, plan: Plan, log: Path, before: str) -> None:
    """This function will have the stopped cluster `data` replay the log in the folder `log`, up to a plan's moment.

    `before` is what it had been told by ALTER SYSTEM. Whatever else is beside that folder belongs to the restore too.
    """
    until = "" if plan.at is None else f"recovery_target_time = '{plan.at.isoformat()}'"
    nobody = log.with_name("nobody.conf")
    nobody.write_text("host all all all reject\nhost replication all all reject\n", encoding="utf-8")
    asked = _REPLAYING.format(log=log, until=until, nobody=nobody)
    (data / ALTERED).write_text(before + asked, encoding="utf-8")
    (data / "recovery.signal").touch(mode=0o600)


def _ask_for_all(data: Path, *, owner: tuple[int, int] | None) -> None:
    lines = (data / ALTERED).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("recovery_target_time")]
    write_whole(path=data / ALTERED, text="".join(kept), owner=owner)


def replay_log(cluster: embedded.Cluster, *, into: Path, plan: Plan, end: int, report: Report) -> dt.datetime | None:
    """This function will have PostgreSQL replay the log up to the wanted moment, and close it; return its last commit.

    There is log up to about `end`; it stops at the first record that is not whole. Raises RestoreFailed with
    PostgreSQL's words, and LogEnds where the moment lies behind the copies and the log does not reach it either.
    """
    try:
        return _run_to_end(into, plan=plan, end=end, report=report)
    except embedded.NotReady as error:
        if _NOTHING_BEHIND not in error.detail:
            raise RestoreFailed(error.detail) from error
        if plan.is_beyond:
            # Nobody has said that there was nothing more: what lies between is not to be missing without a word.
            last = _last_commit(cluster)
            until = f" at {last:%Y-%m-%d %H:%M:%S} UTC" if last else ""
            raise LogEnds(f"What is whole of the log ends{until}, before the wanted moment.") from error
    # The log reaches behind the wanted moment, and nothing happened in between: all of it is what was asked for.
    _ask_for_all(cluster.data, owner=cluster.account.user)
    try:
        return _run_to_end(into, plan=plan, end=end, report=report)
    except embedded.NotReady as error:
        raise RestoreFailed(error.detail) from error


def _run_to_end(into: Path, *, plan: Plan, end: int, report: Report) -> dt.datetime | None:
    cluster = embedded.prepare(folder=into, tell=lambda _line: None)
    pid = start(Child(name="postgresql", stage=0, run=embedded.command(cluster), orphan_signal=signal.SIGQUIT))
    first = plan.backup.start
    segment_bytes = plan.line.segment_bytes
    looked = 0.0

    def tick() -> None:
        nonlocal looked
        if time.monotonic() - looked >= 1:
            looked = time.monotonic()
            report("Replaying the log", max(_replayed(pid, segment_bytes=segment_bytes) - first, 0), end - first)

    try:
        embedded.wait_ready(cluster, pid=pid, seconds=_REPLAY_S, tick=tick)
    finally:
        embedded.stop(pid=pid)
    return _last_commit(cluster)


def _last_commit(cluster: embedded.Cluster) -> dt.datetime | None:
    said = _LAST.findall((cluster.home / "postgres-start.log").read_text(encoding="utf-8", errors="replace"))
    return dt.datetime.fromisoformat(said[-1]) if said else None


def _replayed(pid: int, *, segment_bytes: int) -> int:
    """Return about how far the log has been replayed: the server's startup process has it in its title (Linux)."""
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
            found = _RECOVERING.search(Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8", errors="replace"))
            if found is not None:
                return recovery.assembling.segment_start(found[1], segment_bytes=segment_bytes)
    return 0
