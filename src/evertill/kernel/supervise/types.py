"""What a supervised process is."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evertill.kernel.errors import EvertillError


class ChildFailed(EvertillError):
    """A child that had to finish its work once did not."""

    code = "CHILD_FAILED"
    status = "unavailable"
    kept = "Everything that had been started was stopped again; the data is as that step left it."
    remedy = "Read the lines above, correct the cause and start again; every step is safe to repeat."


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program to execute, and as whom."""

    argv: Sequence[str]
    env: Mapping[str, str]
    # (uid, gid) to become, which only the superuser can; None keeps the caller's own.
    user: tuple[int, int] | None = None
    # What the program writes to its standard output and error since its last start; None shares the supervisor's.
    output: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to keep running: an executed program, or a function called in a fork of this warm process.

    Children start stage by stage, the next stage when every child of the last one is ready, and stop in the opposite
    order. A function must return only when its work is over; it is called in a process of its own.
    """

    name: str
    stage: int
    run: Program | Callable[[], None]
    # Runs once and must end with exit code 0 before the next stage starts, instead of running for ever.
    once: bool = False
    # Given the child's pid, says whether it does its work yet. It is asked often and must answer within 0.3 s.
    ready: Callable[[int], bool] = field(default=lambda _pid: True)
    # After so long without being ready, a line says so; the child is left to go on.
    ready_seconds: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    # Sent when stop_seconds are over or the operator hurries; SIGKILL follows 5 s later.
    hurry_signal: signal.Signals = signal.SIGKILL
    # Sent by the kernel when the supervisor is killed without a chance to stop its children (Linux).
    orphan_signal: signal.Signals = signal.SIGKILL
