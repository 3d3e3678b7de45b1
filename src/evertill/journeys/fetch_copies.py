"""Fetch copies: what a plan names comes from the target, is opened and checked, and is unpacked as it comes.

Several objects are on their way at a time, each on a connection of its thread's own, and are given on in their order.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from evertill.domains import recovery
from evertill.domains.recovery import Damaged, Key, Manifest, Part, Piece, Target
from evertill.journeys.plan_restore import Plan
from evertill.journeys.read_catalogue import get_piece
from evertill.journeys.replay_log import Report

__all__ = ["Fetching", "Opener", "fetching_copies", "unpack_backup", "write_files", "write_log"]

Opener = Callable[[], Target]

# Objects on their way at a time: a target far away answers slowly, and many of the log's are small.
_AT_ONCE = 8
_BLOCK = 1 << 20


@dataclass(slots=True, kw_only=True)
class Fetching:
    """What is being fetched for a plan, and how much of it has come."""

    plan: Plan
    opener: Opener
    key: Key
    report: Report
    pool: ThreadPoolExecutor
    fetched: int = 0
    # Objects of the log that are not what was stored, where others had the same.
    passed_over: list[str] = field(default_factory=list)
    local: threading.local = field(default_factory=threading.local)
    opened: list[Target] = field(default_factory=list)


@contextmanager
def fetching_copies(*, plan: Plan, opener: Opener, key: Key, report: Report) -> Iterator[Fetching]:
    """What a plan names can be fetched while the block runs; its connections end with it."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetch") as pool:
        fetching = Fetching(plan=plan, opener=opener, key=key, report=report, pool=pool)
        try:
            yield fetching
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for target in fetching.opened:
                target.close()


def write_files(fetching: Fetching, *, into: Path) -> None:
    """This function will write what the data folder had beside the database, and the key; raises Damaged."""
    recovery.place.unpack_files(_get(fetching, fetching.plan.backup.files), into=into)
    place = recovery.place.Place(into)
    place.make()
    recovery.sealing.write_key(place.key, fetching.key)


def unpack_backup(fetching: Fetching, manifest: Manifest, *, into: Path) -> None:
    """This function will write the database's files of one backup into a folder; raises Damaged."""
    stream = _Joined(_in_order(fetching, manifest.database))
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


def write_log(fetching: Fetching, *, into: Path) -> None:
    """This function will write the plan's stretch of the log into a folder, in files as PostgreSQL has them."""
    blocks = _in_order(fetching, fetching.plan.pieces)
    recovery.assembling.write_segments(
        fetching.plan.pieces,
        start=fetching.plan.backup.start,
        segment_bytes=fetching.plan.line.segment_bytes,
        into=into,
        read=lambda _piece: next(blocks),
    )


def _get(fetching: Fetching, part: Part | Piece) -> bytes:
    """Fetch and open one object, on a connection of this thread's own."""
    target: Target | None = getattr(fetching.local, "target", None)
    if target is None:
        target = fetching.local.target = fetching.opener()
        fetching.opened.append(target)
    if isinstance(part, Piece):
        return get_piece(
            target,
            key=fetching.key,
            line=fetching.plan.line,
            piece=part,
            without=fetching.plan.without,
            damaged=lambda error: fetching.passed_over.append(str(error.facts.get("key", ""))),
        )
    return fetching.key.open(part.key, target.get(part.key))


def _in_order(fetching: Fetching, parts: Sequence[Part | Piece]) -> Iterator[bytes]:
    """Give the objects in their order, some of them being fetched ahead."""
    waiting: deque[Future[bytes]] = deque()
    ahead = iter(parts)
    for part in parts:
        while len(waiting) < _AT_ONCE and (following := next(ahead, None)) is not None:
            waiting.append(fetching.pool.submit(_get, fetching, following))
        yield waiting.popleft().result()
        fetching.fetched += part.size
        fetching.report("Fetching", fetching.fetched, fetching.plan.fetch_bytes)


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
