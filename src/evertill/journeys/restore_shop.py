"""Restore a shop: from what lies at a target, and the key, to a data folder that `evertill up` opens.

It needs nothing else: no database, no settings, no memory of the shop. What is fetched is checked as it comes; what
PostgreSQL makes of it is brought to the wanted moment and is closed again.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from evertill.domains import recovery
from evertill.domains.recovery import Key, Leftover
from evertill.journeys.fetch_copies import Fetching, Opener, fetching_copies, unpack_backup, write_files, write_log
from evertill.journeys.plan_restore import LogEnds, Plan
from evertill.journeys.replay_log import ALTERED, Report, RestoreFailed, ask_to_replay, replay_log
from evertill.kernel import embedded
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.files import make_folder, write_whole
from evertill.kernel.supervise import LOCK, FolderHeld, hold_folder

__all__ = [
    "DiskTooSmall",
    "FolderTaken",
    "Report",
    "RestoreFailed",
    "Restored",
    "Unpacked",
    "remove_restored",
    "restore_shop",
    "tell_passed_over",
]

_BUILD = "restoring"


class FolderTaken(EvertillError):
    """There is something in the folder already."""

    code = "RESTORE_FOLDER_TAKEN"
    status: ClassVar[Status] = "conflict"
    kept = "Nothing in it was touched."
    remedy = (
        "Name a folder that does not exist, or is empty. In the place of the shop that lives there one is put only by"
        " consent of two people: evertill restore --over-live."
    )


class DiskTooSmall(EvertillError):
    """There is no room for the restored shop."""

    code = "RESTORE_DISK_TOO_SMALL"
    status: ClassVar[Status] = "unavailable"
    kept = "Nothing was restored; the copies are as they were."
    remedy = "Make room, or name a folder on a larger disk."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """The folders of the backups of a plan, in their order, and PostgreSQL's programs to look at them with."""

    folders: Sequence[Path]
    programs: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A restored shop: its folder, what it came from, and the moment of the last thing that happened in it.

    Its log ends at `end`. `left` is what of the log was taken from elsewhere than the copies. `passed_over` names
    objects that were not what was stored, where others had the same.
    """

    into: Path
    line: str
    backup: str
    last_at: dt.datetime | None
    ends_at: dt.datetime
    seconds: float
    end: int
    left: Leftover | None
    passed_over: Sequence[str] = ()


def restore_shop(
    *,
    plan: Plan,
    opener: Opener,
    key: Key,
    into: Path,
    report: Report = lambda _step, _done, _all: None,
    look: Callable[[Unpacked], object] = lambda _unpacked: None,
    left: Leftover | None = None,
) -> Restored:
    """This function will make a shop in the folder `into`, which must be empty or not exist.

    It is as of the plan's moment, or as of the last thing that was copied. `look` is shown the backups as they were
    unpacked, before anything is made of them. `left` is log that lies on this machine and goes on from the copies; it
    is taken as far as it is whole. What is in the folder when it fails is removed.

    Raises FolderTaken, DiskTooSmall, Damaged, WrongKey, RestoreFailed, LogEnds, TargetUnavailable, TargetRefuses, and
    what embedded.prepare raises.
    """
    began = time.monotonic()
    work = _Work(plan=plan, opener=opener, key=key, into=into, report=report, look=look, left=left)
    with _empty_folder(into):
        try:
            last_at = _restore(work)
        except BaseException as error:
            remove_restored(into)
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
        end=work.end,
        left=work.left,
        passed_over=sorted(set(work.passed_over)),
    )


@contextmanager
def _empty_folder(into: Path) -> Iterator[None]:
    """The folder, for nobody else while the block runs: another restore, or an impatient `evertill up`; FolderTaken."""
    _check_empty(into)
    make_folder(into, mode=0o711 if os.geteuid() == 0 else 0o700)
    try:
        with hold_folder(into, seconds=0):
            # Who had it until a moment ago may have left a shop in it.
            _check_empty(into)
            yield
    except FolderHeld:
        raise FolderTaken(f"A shop is being restored into {into} just now, or opened there.") from None


def _check_empty(into: Path) -> None:
    if into.exists() and any(path.name != LOCK for path in into.iterdir()):
        raise FolderTaken(f"There is something in {into} already.")


@dataclass(slots=True, kw_only=True)
class _Work:
    plan: Plan
    opener: Opener
    key: Key
    into: Path
    report: Report
    look: Callable[[Unpacked], object]
    left: Leftover | None
    # Where the log ends in the restored shop.
    end: int = 0
    passed_over: Sequence[str] = ()
    cluster: embedded.Cluster | None = None


def _restore(work: _Work) -> dt.datetime | None:
    with fetching_copies(plan=work.plan, opener=work.opener, key=work.key, report=work.report) as fetching:
        write_files(fetching, into=work.into)
        # What a data folder keeps only where the database is an embedded one.
        is_ours = (work.into / "postgres.json").exists()
        cluster = work.cluster = embedded.settle(folder=work.into)
        build = cluster.home / _BUILD
        _see_to_room(work, cluster.home)
        build.mkdir(mode=0o700)
        folders = _unpack(fetching, build=build)
        log = build / "log"
        log.mkdir(mode=0o700)
        write_log(fetching, into=log)
        work.passed_over = fetching.passed_over
    if work.left is not None:
        work.left = recovery.leftover.copy_leftover(work.left, into=log)
    if work.plan.is_beyond and (work.left is None or not work.left.files):
        raise _cannot_go_on(work)
    work.look(Unpacked(folders=folders, programs=cluster.programs))
    data = _combine(work, folders, build=build)
    before = (data / ALTERED).read_text(encoding="utf-8") if is_ours else ""
    if not is_ours:
        embedded.dress(data=data, owner=None)
    ask_to_replay(data, plan=work.plan, log=log, before=before)
    _give_away(cluster, build)
    data.rename(cluster.data)
    last_at = _replay(work, cluster)
    _open_to_new_keys(work, cluster, before=before, is_ours=is_ours)
    shutil.rmtree(build)
    work.report("Writing to the disk", 0, 0)
    os.sync()
    return last_at


def _cannot_go_on(work: _Work) -> LogEnds:
    why = (work.left.why if work.left else "") or "there is no log that goes on from there"
    return LogEnds(f"The copies end at {work.plan.ends_at:%Y-%m-%d %H:%M:%S} UTC, before the wanted moment; {why}.")


def _unpack(fetching: Fetching, *, build: Path) -> list[Path]:
    folders = []
    for number, manifest in enumerate(fetching.plan.chain):
        folder = build / f"{number:03d}"
        folder.mkdir(mode=0o700)
        unpack_backup(fetching, manifest, into=folder)
        folders.append(folder)
    return folders


def _replay(work: _Work, cluster: embedded.Cluster) -> dt.datetime | None:
    end = work.plan.pieces[-1].end + (work.left.disk_bytes if work.left else 0)
    last_at = replay_log(cluster, into=work.into, plan=work.plan, end=end, report=work.report)
    work.end = recovery.leftover.read_end(cluster.data) or work.plan.pieces[-1].end
    return last_at


def _open_to_new_keys(work: _Work, cluster: embedded.Cluster, *, before: str, is_ours: bool) -> None:
    """Let those in who have the keys that were made for this folder, and nobody else: a backup brings its own along."""
    if is_ours:
        embedded.set_passwords(data=cluster.data, programs=cluster.programs, account=cluster.account, keys=cluster.keys)
    write_whole(path=cluster.data / ALTERED, text=before, owner=cluster.account.user)
    if not is_ours:
        embedded.adopt(
            data=cluster.data,
            programs=cluster.programs,
            account=cluster.account,
            keys=cluster.keys,
            owner=work.plan.backup.owner,
            database=work.plan.backup.name,
        )


def _see_to_room(work: _Work, home: Path) -> None:
    free = shutil.disk_usage(home).free
    wanted = work.plan.disk_bytes + (work.left.disk_bytes if work.left else 0)
    if free < wanted:
        raise DiskTooSmall(f"The restored shop takes {wanted >> 20} MiB, and {free >> 20} MiB are free in {home}.")


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


def _give_away(cluster: embedded.Cluster, folder: Path) -> None:
    if cluster.account.user is None:
        return
    for parent, folders, files in os.walk(folder):
        os.chown(parent, *cluster.account.user)
        for name in (*folders, *files):
            os.chown(Path(parent) / name, *cluster.account.user, follow_symlinks=False)


def tell_passed_over(restored: Restored) -> str:
    """This function will say which objects at the target were not what was stored and were not needed, "" for none."""
    if not restored.passed_over:
        return ""
    count, first = len(restored.passed_over), restored.passed_over[0]
    return (
        f"{count} objects of the log at the target are damaged or forged, such as {first}; others had the same, so that"
        " nothing is missing. `evertill backup verify --from …` names all of them."
    )


def remove_restored(into: Path) -> None:
    """This function will remove everything in a folder into which a shop was restored: it was empty before."""
    home = embedded.home_of(into)
    if home != into.resolve():
        shutil.rmtree(home, ignore_errors=True)
    for path in into.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
