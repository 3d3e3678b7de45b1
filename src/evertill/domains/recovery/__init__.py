"""Recovery: copies of the shop elsewhere, from which it can be made again, and the proof that they can.

Each file is one thing, read as `recovery.sealing.read_key`. Only `operations` and `queries` have to do with the
database; everything else works on a bare machine.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.recovery import (
        assembling,
        copying,
        coverage,
        leftover,
        operations,
        overlaps,
        place,
        queries,
        rules,
        sealing,
        searches,
        targets,
    )
    from evertill.domains.recovery.operations import AlreadyAsked, SearchWaits
    from evertill.domains.recovery.sealing import Damaged, Key, WrongKey
    from evertill.domains.recovery.targets import Stored, Target, TargetRefuses, TargetUnavailable, register, target
    from evertill.domains.recovery.types import (
        FORMAT,
        Archive,
        Asked,
        Backup,
        BackupSearch,
        Consent,
        Drill,
        Exposure,
        Kind,
        Leftover,
        Line,
        Manifest,
        Occasion,
        Part,
        Piece,
        SearchState,
        State,
        Verdict,
        Wish,
    )

__getattr__ = open_door(__name__)

__all__ = [
    "FORMAT",
    "AlreadyAsked",
    "Archive",
    "Asked",
    "Backup",
    "BackupSearch",
    "Consent",
    "Damaged",
    "Drill",
    "Exposure",
    "Key",
    "Kind",
    "Leftover",
    "Line",
    "Manifest",
    "Occasion",
    "Part",
    "Piece",
    "SearchState",
    "SearchWaits",
    "State",
    "Stored",
    "Target",
    "TargetRefuses",
    "TargetUnavailable",
    "Verdict",
    "Wish",
    "WrongKey",
    "assembling",
    "copying",
    "coverage",
    "leftover",
    "operations",
    "overlaps",
    "place",
    "queries",
    "register",
    "rules",
    "sealing",
    "searches",
    "target",
    "targets",
]
