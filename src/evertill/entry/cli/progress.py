"""What a command tells while it works: a moving line on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text


class Progress:
    """Steps that follow each other, and a terminal left as it was found when the block ends.

    It has no thread of its own, because its user forks: call `tick` often.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._step = ""
        self._since = 0.0
        self._live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def step(self, text: str) -> None:
        """This function will show `text` as what is being done from now on, and the last step as done."""
        self.done()
        self._step, self._since = text, time.monotonic()
        if self._console.is_terminal:
            # Children write to the same terminal by themselves, so its streams are not to be replaced.
            self._live = Live(
                Spinner("dots", Text(f"{text} …")),
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start(refresh=True)
        else:
            self.say(f"{text} …")

    def tick(self) -> None:
        """This function will move the spinner on."""
        if self._live is not None:
            with suppress(OSError):
                self._live.refresh()

    def done(self) -> None:
        """This function will show the current step, if any, as done."""
        if self._live is not None:
            with suppress(OSError):
                self._live.stop()
            self._live = None
            self.say(f"[green]✓[/] {self._step} [dim]{time.monotonic() - self._since:.1f} s[/]", markup=True)

    def stop(self) -> None:
        """This function will take the moving line away without calling its step done."""
        if self._live is not None:
            with suppress(OSError):
                self._live.stop()
            self._live = None

    def say(self, line: str, *, markup: bool = False) -> None:
        """This function will print one line, unbroken. A terminal that has gone away is no reason to stop working."""
        with suppress(OSError):
            self._console.print(line, soft_wrap=True, markup=markup, highlight=False)
