"""Restore a shop: from what lies at a target, and the key, to a data folder that `evertill up` opens.

It needs nothing else: no database, no settings, no memory of the shop. What is fetched is checked as it comes; what
PostgreSQL makes of it is brought to the wanted moment and is closed again.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import signal
import tarfile
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

import psycopg
import structlog

from evertill.domains import recovery
from evertill.domains.recovery import Damaged, Key, Line, Manifest, Part, Piece, Target
from evertill.journeys.read_catalogue import Catalogue, get_piece, list_pieces, read_catalogue
from evertill.kernel import embedded
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.files import write_whole
from evertill.kernel.replication import lsn_text
from evertill.kernel.supervise import Child, start

__all__ = ["CopiesEnd", "FolderTaken", "Plan", "RestoreFailed", "Restored", "Unpacked", "plan_restore", "restore_shop"]

_log = structlog.get_logger("evertill.recovery")

Opener = Callable[[], Target]
# Step, how much of it is done, how much it is altogether; 0 where nobody knows.
Report = Callable[[str, int, int], None]

# Objects on their way at a time: a target far away answers slowly, and many of the log's are small.
_AT_ONCE = 8
_BLOCK = 1 << 20
# Commits behind the wanted moment that tell PostgreSQL where to stop come within this time.
_BEYOND = dt.timedelta(seconds=90)
_REPLAY_S = 7 * 86400.0
_BUILD = "restoring"
_ALTERED = "postgresql.auto.conf"
_SPARE = 1.2
# What PostgreSQL says when the log ends before a commit behind the wanted moment.
_NOTHING_BEHIND = "before configured recovery target was reached"

_RECOVERING = re.compile(r"recovering ([0-9A-F]{24})")

# While it replays, nothing is worth a wait for the disk: what is cut off begins anew. All is brought to the disk once,
# at the end.
_REPLAYING = """
restore_command = 'cp "{log}/%f" "%p"'
recovery_target_timeline = 'current'
recovery_target_action = 'promote'
{until}
hot_standby = off
logging_collector = off
fsync = off
full_page_writes = off
shared_buffers = '256MB'
summarize_wal = off
autovacuum = off
synchronous_standby_names = ''
checkpoint_timeout = '1h'
max_wal_size = '64GB'
"""


class FolderTaken(EvertillError):
    """There is something in the folder already."""

    code = "RESTORE_FOLDER_TAKEN"
    status: ClassVar[Status] = "conflict"
    kept = "Nothing in it was touched."
    remedy = (
        "Name a folder that does not exist, or is empty. In the place of the shop that lives there one is put only by"
        " consent of two people: evertill restore --over-live."
    )


class CopiesEnd(EvertillError):
    """The wanted moment lies behind the last thing that was copied."""

    code = "RESTORE_BEYOND_COPIES"
    status: ClassVar[Status] = "conflict"
    kept = "Nothing was restored; the copies are as they were."
    remedy = "Restore with --at latest, or to a moment before that."


class RestoreFailed(EvertillError):
    """The copies are whole, and PostgreSQL could not make a database of them."""

    code = "RESTORE_FAILED"
    status: ClassVar[Status] = "conflict"
    kept = "What was begun was removed; the copies are as they were."
    remedy = "Do what its words say, or restore to another moment, or from another backup."


class DiskTooSmall(EvertillError):
    """There is no room for the restored shop."""

    code = "RESTORE_DISK_TOO_SMALL"
    status: ClassVar[Status] = "unavailable"
    kept = "Nothing was restored; the copies are as they were."
    remedy = "Make room, or name a folder on a larger disk."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a restore will fetch: backups that build on each other, and the log behind the last of them."""

    line: Line
    chain: Sequence[Manifest]
    pieces: Sequence[Piece]
    at: dt.datetime | None

    @property
    def backup(self) -> Manifest:
        """The backup from which the log is replayed."""
        return self.chain[-1]

    @property
    def ends_at(self) -> dt.datetime:
        """When the server sent the last of the log that there is."""
        return self.pieces[-1].sent_at

    @property
    def fetch_bytes(self) -> int:
        """What is to be fetched."""
        return sum(one.stored_bytes for one in self.chain) + sum(piece.size for piece in self.pieces)

    @property
    def disk_bytes(self) -> int:
        """What it takes on the disk while it is made."""
        files = sum(one.plain_bytes for one in self.chain)
        log = self.pieces[-1].end - self.pieces[0].start + 2 * self.line.segment_bytes
        return int(_SPARE * (files + log))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """The folders of the backups of a plan, in their order, and PostgreSQL's programs to look at them with."""

    folders: Sequence[Path]
    programs: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A restored shop: its folder, what it came from, and the moment of the last thing that happened in it."""

    into: Path
    line: str
    backup: str
    last_at: dt.datetime | None
    ends_at: dt.datetime
    seconds: float


def plan_restore(
    *,
    target: Target,
    key: Key,
    at: dt.datetime | None,
    line: str | None = None,
    without: Collection[str] = (),
    warn: Callable[[str], object] = lambda _line: None,
) -> Plan:
    """This function will find what a restore to a moment needs, without one to the latest, and see that it is there.

    Of the backups before that moment the last is taken from which it can be reached; `warn` is told why a later one is
    not. `without` names backups that are not to be used. Raises NothingToRestore, LinkMissing, WalMissing, CopiesEnd,
    WrongKey, NewerFormat, TargetUnavailable and TargetRefuses.
    """
    catalogues = read_catalogue(target=target, key=key, line=line, damaged=lambda damage: warn(damage.detail))
    catalogue = _choose_line(catalogues, line)
    manifests = {name: one for name, one in catalogue.manifests.items() if name not in without}
    first: EvertillError | None = None
    while True:
        try:
            backup = recovery.rules.choose(manifests.values(), at=at)
        except recovery.rules.NothingToRestore as error:
            raise first or error from None
        try:
            return _plan_from(target, catalogue.line, manifests, backup=backup, at=at)
        except (recovery.rules.LinkMissing, recovery.rules.WalMissing) as error:
            first = first or error
            warn(f"The backup {backup.id} cannot be used: {error.detail}")
            del manifests[backup.id]


def _plan_from(
    target: Target, line: Line, manifests: Mapping[str, Manifest], *, backup: Manifest, at: dt.datetime | None
) -> Plan:
    chain = recovery.rules.chain(manifests, backup=backup.id)
    pieces = list_pieces(target, line=line, timeline=backup.timeline, since=backup.start)
    until = None if at is None else at + _BEYOND
    found = recovery.rules.cover(pieces, timeline=backup.timeline, start=backup.start, until=until)
    reached = found[-1].end if found else backup.start
    beyond = [piece.start for piece in pieces if piece.start > reached]
    if reached < backup.stop or (beyond and (at is None or found[-1].sent_at < at)):
        goes_on = f" up to {lsn_text(min(beyond))}" if beyond else ""
        raise recovery.rules.WalMissing(f"The log is missing from {lsn_text(reached)} on{goes_on}.", at=reached)
    plan = Plan(line=line, chain=chain, pieces=found, at=at)
    if at is not None and plan.ends_at < at:
        raise CopiesEnd(f"The copies end at {plan.ends_at:%Y-%m-%d %H:%M:%S} UTC, before the wanted moment.")
    return plan


def restore_shop(
    *,
    plan: Plan,
    opener: Opener,
    key: Key,
    into: Path,
    report: Report = lambda _step, _done, _all: None,
    look: Callable[[Unpacked], object] = lambda _unpacked: None,
) -> Restored:
    """This function will make a shop in the folder `into`, which must be empty or not exist.

    It is as of the plan's moment, or as of the last thing that was copied. `look` is shown the backups as they were
    unpacked, before anything is made of them. What is in the folder when it fails is removed.

    Raises FolderTaken, DiskTooSmall, Damaged, WrongKey, RestoreFailed, TargetUnavailable, TargetRefuses, and what
    embedded.prepare raises.
    """
    began = time.monotonic()
    if into.exists() and any(into.iterdir()):
        raise FolderTaken(f"There is something in {into} already.")
    into.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    work = _Work(plan=plan, opener=opener, key=key, into=into, report=report, look=look)
    try:
        last_at = _restore(work)
    except BaseException as error:
        _clear(work)
        if isinstance(error, OSError):
            raise RestoreFailed(f"The shop could not be written to {into}: {error.strerror}.") from error
        raise
    return Restored(
        into=into,
        line=plan.line.id,
        backup=plan.backup.id,
        last_at=last_at,
        ends_at=plan.ends_at,
        seconds=time.monotonic() - began,
    )


@dataclass(slots=True, kw_only=True)
class _Work:
    plan: Plan
    opener: Opener
    key: Key
    into: Path
    report: Report
    look: Callable[[Unpacked], object]
    fetched: int = 0
    cluster: embedded.Cluster | None = None
    local: threading.local = field(default_factory=threading.local)
    opened: list[Target] = field(default_factory=list)


def _choose_line(catalogues: Sequence[Catalogue], line: str | None) -> Catalogue:
    for one in catalogues:
        if one.line.id == line or (line is None and one.manifests):
            return one
    raise recovery.rules.NothingToRestore(
        "There is no complete backup." if line is None else f"There is no line '{line[:40]}'."
    )


def _restore(work: _Work) -> dt.datetime | None:
    with _fetching(work) as pool:
        _write_files(work)
        # What a data folder keeps only where the database is an embedded one.
        is_ours = (work.into / "postgres.json").exists()
        cluster = work.cluster = embedded.settle(folder=work.into)
        build = cluster.home / _BUILD
        _see_to_room(work, cluster.home)
        build.mkdir(mode=0o700)
        folders = []
        for number, manifest in enumerate(work.plan.chain):
            folder = build / f"{number:03d}"
            folder.mkdir(mode=0o700)
            _unpack(work, pool, manifest, into=folder)
            folders.append(folder)
        log = build / "log"
        log.mkdir(mode=0o700)
        _write_log(work, pool, into=log)
    work.look(Unpacked(folders=folders, programs=cluster.programs))
    data = _combine(work, folders, build=build)
    before = (data / _ALTERED).read_text(encoding="utf-8") if is_ours else ""
    if not is_ours:
        embedded.dress(data=data, owner=None)
    _ask_to_replay(work, data, log=log, before=before)
    _give_away(cluster, build)
    data.rename(cluster.data)
    last_at = _replay(work, is_ours=is_ours)
    owner = cluster.account.user
    write_whole(path=cluster.data / _ALTERED, text=before, owner=owner)
    if not is_ours:
        backup = work.plan.backup
        embedded.adopt(
            data=cluster.data,
            programs=cluster.programs,
            account=cluster.account,
            keys=cluster.keys,
            owner=backup.owner,
            database=backup.name,
        )
    shutil.rmtree(build)
    work.report("Writing to the disk", 0, 0)
    os.sync()
    return last_at


@contextmanager
def _fetching(work: _Work) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetch") as pool:
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for target in work.opened:
                target.close()


def _get(work: _Work, part: Part | Piece) -> bytes:
    """Fetch and open one object, on a connection of this thread's own."""
    target: Target | None = getattr(work.local, "target", None)
    if target is None:
        target = work.local.target = work.opener()
        work.opened.append(target)
    if isinstance(part, Piece):
        return get_piece(target, key=work.key, line=work.plan.line, piece=part)
    return work.key.open(part.key, target.get(part.key))


def _in_order(work: _Work, pool: ThreadPoolExecutor, parts: Sequence[Part | Piece]) -> Iterator[bytes]:
    """Give the objects in their order, some of them being fetched ahead."""
    waiting: deque[Future[bytes]] = deque()
    ahead = iter(parts)
    for part in parts:
        while len(waiting) < _AT_ONCE and (following := next(ahead, None)) is not None:
            waiting.append(pool.submit(_get, work, following))
        yield waiting.popleft().result()
        work.fetched += part.size
        work.report("Fetching", work.fetched, work.plan.fetch_bytes)


def _write_files(work: _Work) -> None:
    manifest = work.plan.backup
    recovery.place.unpack_files(_get(work, manifest.files), into=work.into)
    place = recovery.place.Place(work.into)
    place.make()
    recovery.sealing.write_key(place.key, work.key)


def _see_to_room(work: _Work, home: Path) -> None:
    free = shutil.disk_usage(home).free
    if free < work.plan.disk_bytes:
        raise DiskTooSmall(
            f"The restored shop takes {work.plan.disk_bytes >> 20} MiB, and {free >> 20} MiB are free in {home}."
        )


class _Joined:
    """Objects in their order as one stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._left = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        if not self._left:
            self._left = memoryview(next(self._blocks, b""))
        taken, self._left = bytes(self._left[:size]), self._left[size:]
        return taken


def _unpack(work: _Work, pool: ThreadPoolExecutor, manifest: Manifest, *, into: Path) -> None:
    stream = _Joined(_in_order(work, pool, manifest.database))
    try:
        with tarfile.open(fileobj=cast("BinaryIO", stream), mode="r|", bufsize=_BLOCK) as tar:
            for member in tar:
                _write_member(tar, member, into=into)
    except tarfile.TarError as error:
        raise Damaged(f"The files of the backup {manifest.id} cannot be unpacked: {error}.") from error


def _write_member(tar: tarfile.TarFile, member: tarfile.TarInfo, *, into: Path) -> None:
    path = recovery.place.safe_path(member, into=into)
    if member.isdir():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    content = tar.extractfile(member)
    if content is None:
        raise Damaged(f"Among the database's files is something else: {member.name}.")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(content, file, _BLOCK)


def _write_log(work: _Work, pool: ThreadPoolExecutor, *, into: Path) -> None:
    blocks = _in_order(work, pool, work.plan.pieces)
    recovery.assembling.write_segments(
        work.plan.pieces,
        start=work.plan.backup.start,
        segment_bytes=work.plan.line.segment_bytes,
        into=into,
        read=lambda _piece: next(blocks),
    )


def _combine(work: _Work, folders: Sequence[Path], *, build: Path) -> Path:
    if len(folders) == 1:
        return folders[0]
    work.report("Putting incremental backups together", 0, 0)
    whole = build / "whole"
    assert work.cluster is not None  # noqa: S101 — settled before anything is unpacked.
    recovery.copying.run(
        [work.cluster.programs / "pg_combinebackup", "--no-sync", "--link", f"--output={whole}", *folders]
    )
    return whole


def _ask_to_replay(work: _Work, data: Path, *, log: Path, before: str) -> None:
    until = "" if work.plan.at is None else f"recovery_target_time = '{work.plan.at.isoformat()}'"
    asked = _REPLAYING.format(log=log, until=until)
    (data / _ALTERED).write_text(before + asked, encoding="utf-8")
    (data / "recovery.signal").touch(mode=0o600)


def _ask_for_all(data: Path, *, owner: tuple[int, int] | None) -> None:
    lines = (data / _ALTERED).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("recovery_target_time")]
    write_whole(path=data / _ALTERED, text="".join(kept), owner=owner)


def _give_away(cluster: embedded.Cluster, folder: Path) -> None:
    if cluster.account.user is None:
        return
    for parent, folders, files in os.walk(folder):
        os.chown(parent, *cluster.account.user)
        for name in (*folders, *files):
            os.chown(Path(parent) / name, *cluster.account.user, follow_symlinks=False)


def _replay(work: _Work, *, is_ours: bool) -> dt.datetime | None:
    """Have PostgreSQL replay the log up to the wanted moment, and close it; return when its last commit was."""
    try:
        return _run_to_end(work, is_ours=is_ours)
    except embedded.NotReady as error:
        if _NOTHING_BEHIND not in error.detail:
            raise RestoreFailed(error.detail) from error
    # The log reaches behind the wanted moment, and nothing happened in between: all of it is what was asked for.
    assert work.cluster is not None  # noqa: S101 — settled before anything is unpacked.
    _ask_for_all(work.cluster.data, owner=work.cluster.account.user)
    try:
        return _run_to_end(work, is_ours=is_ours)
    except embedded.NotReady as error:
        raise RestoreFailed(error.detail) from error


def _run_to_end(work: _Work, *, is_ours: bool) -> dt.datetime | None:
    cluster = embedded.prepare(folder=work.into, tell=lambda _line: None)
    pid = start(Child(name="postgresql", stage=0, run=embedded.command(cluster), orphan_signal=signal.SIGQUIT))
    first, last = work.plan.backup.start, work.plan.pieces[-1].end
    segment_bytes = work.plan.line.segment_bytes
    looked = 0.0

    def tick() -> None:
        nonlocal looked
        if time.monotonic() - looked >= 1:
            looked = time.monotonic()
            work.report("Replaying the log", max(_replayed(pid, segment_bytes=segment_bytes) - first, 0), last - first)

    try:
        embedded.wait_ready(cluster, pid=pid, seconds=_REPLAY_S, tick=tick)
        if not is_ours:
            # Nobody here knows the passwords of a server that was somebody else's.
            return None
        with psycopg.connect(embedded.superuser_url(work.into)) as database:
            ((last_at,),) = database.execute("select pg_last_xact_replay_timestamp()").fetchall()
    finally:
        embedded.stop(pid=pid)
    return last_at if isinstance(last_at, dt.datetime) else None


def _replayed(pid: int, *, segment_bytes: int) -> int:
    """Return about how far the log has been replayed: the server's startup process has it in its title (Linux)."""
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
            found = _RECOVERING.search(Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8", errors="replace"))
            if found is not None:
                return recovery.assembling.segment_start(found[1], segment_bytes=segment_bytes)
    return 0


def _clear(work: _Work) -> None:
    """Remove what was begun, which is everything in the folder: it was empty before."""
    if work.cluster is not None and work.cluster.home != work.into:
        shutil.rmtree(work.cluster.home, ignore_errors=True)
    for path in work.into.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
