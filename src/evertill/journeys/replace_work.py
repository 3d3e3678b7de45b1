"""What replacing the living shop works with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evertill.domains.recovery import Key, Target
from evertill.journeys.anchor_journal import Noted
from evertill.journeys.compare_shops import Loss
from evertill.journeys.living_shop import Living
from evertill.journeys.permitted import Asker
from evertill.journeys.record_restore import Leave, Step
from evertill.journeys.restore_shop import Report, Restored
from evertill.kernel.clock import Clock

__all__ = ["KEPT", "START_S", "Means", "ReplaceWork"]

KEPT = "The living shop is as it was. What was restored lies beside it, and can be looked at or removed."
# How long the server of a shop beside may take to start, in seconds.
START_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What whoever calls brings along.

    `database` is the DATABASE_URL that the living shop has, "" for none. `connect` leads this process to where its
    database is, or was. `within` runs a hidden command inside a shop that is none of this process's: folder, words,
    what it reads; it returns what it says. `agree` is shown what will be lost, and says whether to go on.
    """

    asker: Asker
    clock: Clock
    opener: Callable[[], Target]
    key: Key
    without: Sequence[str]
    database: str
    connect: Callable[[], object]
    within: Callable[[Path, list[str], str], str]
    agree: Callable[[Loss | None, Path], bool]
    tell: Callable[[str], None]
    report: Report


@dataclass(slots=True, kw_only=True)
class ReplaceWork:
    """One replacing, and how far it is."""

    living: Living
    means: Means
    leave: Leave
    # The living database can be asked.
    is_open: bool
    # Where it is restored, and whether the two exchange their names then.
    beside: Path
    is_exchanged: bool
    steps: list[Step] = field(default_factory=list)
    # Up to where there were copies of the log when it was restored.
    copied: int = 0
    restored: Restored | None = None
    # What the living shop knows of the seals that were noted at the target; None when it cannot be asked.
    noted: Sequence[Noted] | None = None

    @property
    def last_at(self) -> dt.datetime | None:
        return self.restored.last_at if self.restored else None

    @property
    def folder(self) -> Path:
        return self.living.folder

    def note(self, says: str, **facts: object) -> None:
        """This function will tell of a step, and have it stand in the restored shop's trail."""
        self.means.tell(says)
        self.steps.append(Step(at=self.means.clock(), says=says, facts=facts))
