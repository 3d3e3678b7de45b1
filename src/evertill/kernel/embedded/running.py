"""A cluster's server without a supervisor: for tests, measurements and repairs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from evertill.kernel.errors import EvertillError
from evertill.kernel.supervise import Child, start

from .cluster import Cluster, command, is_ready, prepare, url
from .postmaster import end

_POLL_SECONDS = 0.01


class NotReady(EvertillError):
    """PostgreSQL did not come up."""

    code = "NOT_READY"
    status = "unavailable"
    kept = "The data is as PostgreSQL left it; it repairs itself at the next start."
    remedy = "Correct what PostgreSQL complains about and start again."


@contextmanager
def running(*, folder: Path, seconds: float = 60.0, tell: Callable[[str], None] = print) -> Iterator[str]:
    """This function will run `folder`'s PostgreSQL while the block runs, and give its address (see `url`).

    For tests, measurements and repairs; a shop's own server is a supervised child. It ends with this process, even a
    killed one.

    Raises NotReady when it does not accept connections within `seconds`, and what `prepare` raises.
    """
    cluster = prepare(folder=folder, tell=tell)
    child = Child(name="postgresql", stage=0, run=command(cluster), orphan_signal=signal.SIGQUIT)
    pid = start(child)
    try:
        wait_ready(cluster, pid=pid, seconds=seconds)
        yield url(folder)
    finally:
        stop(pid=pid)


def wait_ready(cluster: Cluster, *, pid: int, seconds: float, tick: Callable[[], object] = lambda: None) -> None:
    """This function will return once the server `pid`, a child of this process, accepts connections to `cluster`.

    `tick` is called again and again meanwhile.

    Raises NotReady with the server's last words when it has ended, or when `seconds` are over.
    """
    deadline = time.monotonic() + seconds
    while not is_ready(cluster, pid=pid):
        ended = _ended(pid)
        if ended or time.monotonic() >= deadline:
            how = "ended" if ended else f"was not ready after {seconds:.0f} s"
            raise NotReady(f"PostgreSQL {how}: {_last_words(cluster)} (more in {cluster.log})")
        tick()
        time.sleep(_POLL_SECONDS)


def _last_words(cluster: Cluster) -> str:
    """What it ended with: after a fatal error it only goes on to say that it shuts down."""
    said = (cluster.home / "postgres-start.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    fatal = [line for line in said if "FATAL: " in line or "PANIC: " in line]
    return " / ".join(fatal[-2:] or said[-2:])


def stop(*, pid: int, seconds: float = 30.0) -> None:
    """This function will stop the server `pid`, a child of this process: fast, and after `seconds` immediately.

    Returns when it has ended; every commit is kept in both cases.
    """
    if _ended(pid):
        return
    every = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
    end(pid=pid, steps=[(number, seconds) for number in every], is_over=lambda: _ended(pid))


def _ended(pid: int) -> bool:
    try:
        done, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return done == pid
