"""How far something has come, and an honest guess of what is left: told on a terminal, silent in a log."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from evertill.kernel import priority
from evertill.kernel.supervise import die_with_parent

_TOLD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def give_way() -> None:
    """This function will let customers and jobs come before this command, and before what it starts.

    The command goes on in a child, for it needs a session of its own: that of a terminal has the share of a whole shop.
    What the terminal says reaches the child, and how the child ends is how the command ends. Call it before any thread.
    """
    parent, before = os.getpid(), signal.pthread_sigmask(signal.SIG_BLOCK, _TOLD)
    child = os.fork()
    if child == 0:
        os.setsid()
        die_with_parent(sent=signal.SIGTERM, parent=parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        priority.stand_back()
        return

    def pass_on(told: int, _frame: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, told)

    for number in _TOLD:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    raise SystemExit(code if code >= 0 else 128 - code)


class Moving:
    """A bar for each step. Time left is guessed from this step's own speed, and only where its size is known."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._shows = console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._step = ""
        self._task: TaskID | None = None
        self._told_at = 0.0

    def __enter__(self) -> Self:
        if self._shows:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._shows:
            self._progress.stop()

    def pause(self) -> None:
        """This function will take the bars away, so that somebody can be asked; `go_on` brings them back."""
        if self._shows:
            self._progress.stop()

    def go_on(self) -> None:
        """This function will show bars again."""
        if self._shows:
            self._progress.start()

    def report(self, step: str, done: int, total: int) -> None:
        """This function will show how far a step has come."""
        if not self._shows:
            return
        if step != self._step:
            if self._task is not None:
                self._progress.update(self._task, completed=self._progress.tasks[-1].total or 1)
            self._step = step
            self._task = self._progress.add_task(step, total=total or None)
        if self._task is not None and time.monotonic() - self._told_at >= 0.1:  # noqa: PLR2004 — ten times a second.
            self._told_at = time.monotonic()
            self._progress.update(self._task, completed=done, total=max(total, done) or None)
