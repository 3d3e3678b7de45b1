"""What a backup is made with, from its first file to the last object at the target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evertill.domains import recovery
from evertill.domains.recovery import Key, Line, Target
from evertill.kernel.clock import Clock
from evertill.kernel.config import Config

__all__ = ["BackupWork", "Report"]

# Step, how much of it is done, and how much it is altogether, in bytes; 0 where nobody knows.
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupWork:
    """What one backup is made from and goes to; `report` is told how far it is."""

    settings: Config
    place: recovery.place.Place
    key: Key
    line: Line
    target: Target
    clock: Clock
    report: Report
