"""Trail: who did what, in which role, on what, and why; written with the change and never changed afterwards.

A record is chained to the one before it by a keyed hash, so that a change, a gap or another sequence is found.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.trail.operations import NotInTransaction, RecordTooLarge, write, write_all
    from evertill.domains.trail.queries import (
        count_found,
        count_records,
        find_missing_guards,
        is_bendable,
        read_heads,
        read_reasons,
        read_records,
        read_standing,
        stream_records,
        verify,
    )
    from evertill.domains.trail.rules import RIGHTS, judge_cut
    from evertill.domains.trail.types import (
        Actor,
        ActorKind,
        Entry,
        Fault,
        Finding,
        Head,
        Outcome,
        Reason,
        Record,
        Search,
        Subject,
    )

__getattr__ = open_door(__name__)

__all__ = [
    "RIGHTS",
    "Actor",
    "ActorKind",
    "Entry",
    "Fault",
    "Finding",
    "Head",
    "NotInTransaction",
    "Outcome",
    "Reason",
    "Record",
    "RecordTooLarge",
    "Search",
    "Subject",
    "count_found",
    "count_records",
    "find_missing_guards",
    "is_bendable",
    "judge_cut",
    "read_heads",
    "read_reasons",
    "read_records",
    "read_standing",
    "stream_records",
    "verify",
    "write",
    "write_all",
]
