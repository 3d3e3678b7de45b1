"""View bulks: which there are, what becomes of each thing, and how far they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evertill.domains import bulk
from evertill.domains.access import Objection
from evertill.domains.bulk import Bulk, Item, ItemState, Progress, State
from evertill.journeys import bulk_operations
from evertill.journeys.bulk_item import BulkOperation
from evertill.journeys.export_table import Cell, Exported, Form, Table, export_table
from evertill.journeys.make_bulk import find_bulk, leave_to_look, needs_approval, operation_of, subject_of
from evertill.journeys.permitted import Asker, Forbidden, recording_refusals
from evertill.kernel import ids

__all__ = [
    "Bulk",
    "BulkView",
    "Item",
    "ItemState",
    "Progress",
    "State",
    "export_bulk",
    "list_bulks",
    "list_items",
    "view_bulk",
]

_PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkView:
    """A bulk, how far it is, and how long the rest takes; None when nobody can say."""

    bulk: Bulk
    operation: BulkOperation
    progress: Progress
    left: dt.timedelta | None
    needs_approval: bool
    is_mine: bool


def list_bulks(*, asker: Asker, limit: int) -> list[tuple[Bulk, BulkOperation]]:
    """This function will return up to `limit` bulks that somebody may look at, the latest first."""
    seen = [one for one in bulk_operations.operations().values() if leave_to_look(asker, one)]
    found = bulk.list_latest(asked_by=None, operations=[one.name for one in seen], limit=limit)
    return [(one, operation_of(one.operation)) for one in found]


def view_bulk(*, asker: Asker, bulk_id: int, now: dt.datetime) -> BulkView:
    """This function will return a bulk and how far it is; raises BulkNotFound, Forbidden."""
    made, declared = _seen(asker, bulk_id, now=now)
    progress = bulk.read_progress(bulk_id=bulk_id)
    began_at = made.confirmed_at or made.made_at
    return BulkView(
        bulk=made,
        operation=declared,
        progress=progress,
        left=bulk.measure(progress, began_at=began_at, now=now) if made.state is State.RUNNING else None,
        needs_approval=made.state is State.DRAFT and needs_approval(made),
        is_mine=made.asked_by == asker.name,
    )


def list_items(
    *, asker: Asker, bulk_id: int, state: str = "", behind: int = 0, limit: int, now: dt.datetime
) -> Sequence[Item]:
    """This function will return up to `limit` things of a bulk behind a place; raises BulkNotFound, Forbidden."""
    _seen(asker, bulk_id, now=now)
    return bulk.read_items(bulk_id=bulk_id, behind=behind, state=state, limit=limit)


def export_bulk(*, asker: Asker, bulk_id: int, form: Form, now: dt.datetime) -> Exported:
    """This function will write what became of each thing of a bulk into a file; raises BulkNotFound, Forbidden."""
    made, declared = _seen(asker, bulk_id, now=now)
    table = Table(
        name=f"bulk-{ids.to_number(made.id)}",
        permission=leave_to_look(asker, declared) or declared.permission,
        is_personal=False,
        columns=("place", "subject", "label", "before", "after", "state", "code", "note", "ended"),
        read=lambda _filters, _most: _rows(bulk_id),
    )
    return export_table(asker=asker, table=table, filters={}, form=form, why="", now=now)


def _rows(bulk_id: int) -> Iterator[tuple[Cell, ...]]:
    behind = 0
    while part := bulk.read_items(bulk_id=bulk_id, behind=behind, limit=_PAGE):
        for one in part:
            yield (
                one.place,
                one.subject,
                one.label,
                one.before,
                one.after,
                one.state.value,
                one.code,
                one.note,
                one.ended_at,
            )
        behind = part[-1].place


def _seen(asker: Asker, bulk_id: int, *, now: dt.datetime) -> tuple[Bulk, BulkOperation]:
    made = find_bulk(bulk_id)
    declared = operation_of(made.operation)
    with recording_refusals(asker=asker, subject=subject_of(made), now=now):
        if made.asked_by != asker.name and leave_to_look(asker, declared) is None:
            raise Forbidden(Objection.NOT_ALLOWED, permission=declared.permission)
    return made, declared
