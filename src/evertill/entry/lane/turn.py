"""One batch of a kind at a time on this machine, so that a batch is cut when it can begin, and not before.

Batches of two web workers want the same stock rows. Without turns, the second would be cut and then wait in the
database for the first to commit, while requests that come meanwhile wait for the batch after it. It is a matter of
speed alone: what keeps orders right is in the database, and a process that dies gives its turn back.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType


class Turn(AbstractContextManager[None]):
    """A turn that the processes of this machine take by locking a file. Not reentrant; one thread uses it."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_UN)
