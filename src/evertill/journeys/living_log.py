"""The log in the living shop's own folder, with which a restore goes on to a moment that lies behind the copies.

What a target that was away did not take lies there, readable also when the database does not open; so does, once the
shop is closed, what it wrote while it was restored beside. A database of the operator's own has its log elsewhere.
"""

from __future__ import annotations

from evertill.domains import recovery
from evertill.domains.recovery import Leftover
from evertill.journeys.living_shop import Living
from evertill.journeys.plan_restore import Plan
from evertill.journeys.restore_shop import Restored
from evertill.kernel import embedded
from evertill.kernel.errors import EvertillError
from evertill.kernel.replication import lsn_text

__all__ = ["find_living_log", "has_gone_on", "tell_living_log"]


def find_living_log(living: Living, *, plan: Plan) -> Leftover | None:
    """This function will find the log of a living shop that goes on from a plan; None where none is to be taken.

    None is where the plan has a moment that the copies reach, or the database is not in the folder. It only reads.
    """
    if living.given or (plan.at is not None and not plan.is_beyond):
        return None
    return _find(living, plan=plan, start=plan.pieces[-1].end)


def tell_living_log(restored: Restored, *, plan: Plan) -> str:
    """This function will say how far a restored shop went on with the log of the living one's folder, "" for not."""
    left, copied, size = restored.left, plan.pieces[-1].end, plan.line.segment_bytes
    if left is None:
        return ""
    if restored.end <= copied:
        if plan.at is not None:
            return f"Nothing happened between the copies' end and the wanted moment, by the log in {left.folder}."
        why = f": {left.why}" if left.why else ", which has nothing more that is whole"
        return f"Nothing was taken of the log in {left.folder}{why}."
    pieces = (restored.end - 1) // size - copied // size + 1
    last = f", until {restored.last_at:%Y-%m-%d %H:%M:%S} UTC" if restored.last_at else ""
    behind = len(left.files) - pieces
    unused = f"{behind} pieces behind {lsn_text(restored.end)} cannot be used" if behind > 0 else ""
    # To a moment, what lies behind it is not wanted.
    why = "" if plan.at is not None else left.why or unused
    return f"{pieces} pieces of the log from {left.folder}, behind the copies{last}{f'; {why}' if why else ''}."


def has_gone_on(living: Living, *, plan: Plan, end: int) -> bool:
    """This function will say whether the log of a living shop has a commit behind `end`, where a restored one ends."""
    left = None if living.given else _find(living, plan=plan, start=end)
    return left is not None and recovery.leftover.has_commit(
        left, timeline=plan.backup.timeline, programs=embedded.find_programs()
    )


def _find(living: Living, *, plan: Plan, start: int) -> Leftover | None:
    try:
        folder = embedded.home_of(living.folder) / "postgres" / "pg_wal"
    except EvertillError:
        return None
    return recovery.leftover.find_leftover(folder, line=plan.line, timeline=plan.backup.timeline, start=start)
