"""How far something has come, and an honest guess of what is left: told on a terminal, silent in a log."""

from __future__ import annotations

import os
import time
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

# As the process that does this by the timetable has it.
_NICENESS = 15


def give_way() -> None:
    """This function will let customers and jobs come before this process, and before what it starts."""
    os.nice(_NICENESS)


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
