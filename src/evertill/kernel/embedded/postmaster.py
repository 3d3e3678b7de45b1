"""A running server as its postmaster.pid tells: whether it is ready, and whether it is really this cluster's own."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from evertill.kernel.errors import EvertillError

_STATUS_LINE = 7
_POLL_SECONDS = 0.02


class StillRunning(EvertillError):
    """A server of the past works on this cluster and does not stop."""

    code = "STILL_RUNNING"
    status = "conflict"
    kept = "It was left running; the data is untouched."
    remedy = "Look what keeps that process (a disk that does not answer, or somebody who stopped it), and start again."


def is_ready(*, data: Path, pid: int) -> bool:
    """This function will say whether the server with this `pid` accepts connections to the cluster `data`."""
    lines = _lines(data)
    return len(lines) > _STATUS_LINE and lines[0].strip() == str(pid) and lines[_STATUS_LINE].strip() == "ready"


def stop_leftover(*, data: Path, fast_s: float, immediate_s: float) -> bool:
    """This function will stop a server that a killed supervisor left running on `data`, and say whether there was one.

    A fast shutdown is asked for (SIGINT); when it has not ended after `fast_s` seconds, an immediate one (SIGQUIT),
    from which the next start recovers. Neither loses anything. PostgreSQL 18 never ends a fast shutdown that it was
    asked for while it came back from a crash: it waits for its checkpointer, which nobody has told.

    A stale postmaster.pid is left to PostgreSQL's own rules, except in the one case that they cannot tell from a
    running server: its number now belongs to another program of the same user. Then, when no process at all works in
    the folder, the file is removed.

    Raises StillRunning when it has not ended `immediate_s` seconds after that either.
    """
    lines = _lines(data)
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
    if not pid or not _exists(pid):
        return False
    if not _works_in(pid, data):
        if sys.platform == "linux" and not any(_works_in(other, data) for other in _all_pids()):
            (data / "postmaster.pid").unlink(missing_ok=True)
        return False
    steps = ((signal.SIGINT, fast_s), (signal.SIGQUIT, immediate_s))
    if end(pid=pid, steps=steps, is_over=lambda: not (_exists(pid) and _works_in(pid, data))):
        return True
    raise StillRunning(
        f"PostgreSQL (process {pid}) still runs in {data}, {fast_s + immediate_s:.0f} s after it was asked to stop."
    )


def end(*, pid: int, steps: Sequence[tuple[signal.Signals, float]], is_over: Callable[[], bool]) -> bool:
    """This function will send a server one signal after the other until it is over, and say whether it is.

    Each signal is given so many seconds.
    """
    for number, seconds in steps:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if is_over():
                return True
            time.sleep(_POLL_SECONDS)
    return False


def _lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _works_in(pid: int, data: Path) -> bool:
    """Every process of a server has its cluster as working directory, and nobody else has a reason to."""
    if sys.platform != "linux":
        # Without /proc the number in postmaster.pid is the best evidence there is.
        return True
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data) and Path(f"/proc/{pid}/exe").readlink().name.startswith(
            "postgres"
        )
    except OSError:
        # Gone meanwhile, a zombie, or another user's and so not ours.
        return False


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
