"""Processes of Evertill's, each as if it began at the beginning, without the seconds that a new one takes to import it.

One process a session (`python -m tests.nursery`) has imported the shop and has asked for nothing yet: neither for a
setting nor for a database. It forks for each process that is wanted, and that one begins there: with the arguments,
the environment, the folder and the open files that it is given. What is about beginning itself begins at the beginning.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

_ROOMS = ("domains", "journeys", "outside", "entry", "sandbox")
# What asks for a setting as it is imported: Django's settings themselves, and how often jobs are done.
_ASKING = ("evertill.entry.site.settings", "evertill.entry.worker.")
_MESSAGE_BYTES_MAX = 1 << 17
# File descriptors from here on are nobody's, in a process that has just begun.
_FREE_FROM = 512


@dataclass(slots=True, kw_only=True)
class Process:
    """A process that was born in the nursery, to be handled like one of `subprocess`."""

    pid: int
    words: Sequence[str]
    returncode: int | None = None
    # By which it is told from any other that has its number later.
    _handle: int

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        if self.returncode is None and select.select([self._handle], [], [], 0)[0]:
            self._note()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, once it has; raises subprocess.TimeoutExpired after so many seconds."""
        if self.returncode is None:
            if not select.select([self._handle], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(list(self.words), timeout or 0)
            self._note()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _note(self) -> None:
        self.returncode = int(_nursery().ask({"ended": self.pid}))
        os.close(self._handle)


def begin(
    program: str,
    *words: str | Path,
    env: Mapping[str, str],
    stdin: IO[Any] | None = None,
    stdout: IO[Any] | None = None,
    stderr: IO[Any] | None = None,
    pass_fds: Sequence[int] = (),
    cwd: Path | None = None,
) -> Process:
    """This function will begin a program as `subprocess.Popen([sys.executable, "-m", program, *words], …)` would.

    `evertill` is a program too: the command line.
    """
    said = [str(word) for word in words]
    with Path(os.devnull).open("rb") as nothing:
        files = [(stdin or nothing).fileno(), stdout.fileno() if stdout else 1, stderr.fileno() if stderr else 2]
        asked = {
            "program": program,
            "words": said,
            "env": dict(env),
            "cwd": str(cwd or Path.cwd()),
            "files": [0, 1, 2, *pass_fds],
        }
        pid = _nursery().ask(asked, [*files, *pass_fds])
    return Process(pid=pid, words=[program, *said], _handle=os.pidfd_open(pid))


class _Nursery:
    """The process that others are born in, as this one sees it."""

    def __init__(self) -> None:
        from evertill.kernel import config
        from tests.server import environment

        self._turn = threading.Lock()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
                env=os.environ | environment(config.get().database_url),
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._end)

    def ask(self, asked: Mapping[str, Any], files: Sequence[int] = ()) -> int:
        with self._turn:
            socket.send_fds(self._line, [json.dumps(asked).encode()], files)
            answer = self._line.recv(_MESSAGE_BYTES_MAX)
        assert answer, "the process in which others are born has ended"
        return int(answer)

    def _end(self) -> None:
        self._line.close()
        self._process.wait(timeout=60)


@cache
def _nursery() -> _Nursery:
    return _Nursery()


def _serve(line: socket.socket) -> None:
    import django

    django.setup()
    from evertill.kernel import config

    config.get.cache_clear()
    for name in _modules():
        importlib.import_module(name)
    assert config.get.cache_info().currsize == 0, "something asks for settings as it is imported"
    _forget_settings()
    # What is here stays: whoever collects garbage would copy every page of it.
    gc.collect()
    gc.freeze()
    while True:
        message, files, _, _ = socket.recv_fds(line, _MESSAGE_BYTES_MAX, 64)
        if not message:
            return
        asked = json.loads(message)
        if "ended" in asked:
            _, status = os.waitpid(asked["ended"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                line.close()
                _become(asked, files)
        for number in files:
            os.close(number)
        line.send(str(answer).encode())


def _modules() -> Iterator[str]:
    for room in _ROOMS:
        package = importlib.import_module(f"evertill.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name and not found.name.startswith(_ASKING):
                yield found.name


def _forget_settings() -> None:
    """Have settings read anew, by whoever asks for them first."""
    from django.conf import settings
    from django.db import connections
    from django.utils.functional import empty

    from evertill.kernel import config, crypto

    settings._wrapped = empty  # noqa: SLF001 — so it begins.
    sys.modules.pop("evertill.entry.site.settings", None)
    # Where the database is, and perhaps what is to be a connection to it.
    connections.__dict__.clear()
    connections.__init__()  # type: ignore[misc]
    config.get.cache_clear()
    crypto.derive_key.cache_clear()


def _become(asked: Mapping[str, Any], files: Sequence[int]) -> NoReturn:
    """Everything by which a process knows what it is to do; then it does it and ends."""
    code: object = 1
    try:
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        _take(files, asked["files"])
        # The one it has may have read ahead.
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
        program, words = asked["program"], asked["words"]
        sys.argv = [program, *words]
        if program == "evertill":
            from evertill.entry import cli

            cli.main()
        else:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:  # noqa: BLE001 — it is told, as an interpreter tells it.
        traceback.print_exc()
    finally:
        # Without taking apart all that the nursery has put together.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _take(files: Sequence[int], numbers: Sequence[int]) -> None:
    """Give open files the numbers that they have where they came from."""
    aside = [fcntl.fcntl(file, fcntl.F_DUPFD, _FREE_FROM) for file in files]
    os.closerange(3, _FREE_FROM)
    for file, number in zip(aside, numbers, strict=True):
        os.dup2(file, number)
        os.close(file)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
