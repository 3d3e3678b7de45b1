"""Histories: what staff changed of products and of categories, each change with its number, and what takes it back.

Both are kept by the same lines, each kind of thing in a table of its own. The caller holds a transaction, and holds the
thing, so that no two changes get one number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db.models import Manager, Max

from evertill.domains.catalog.models import CategoryChange
from evertill.domains.catalog.models import Change as ProductChange
from evertill.domains.catalog.types import Change, Plain
from evertill.kernel import ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import check_unchanged

_WHY_CHARS = 500
# A change holds a few values, before and after.
_CONTENT = dict[str, str | bool | list[str] | None]
_Row = ProductChange | CategoryChange


class UnknownChange(EvertillError):
    """The thing has no such change."""

    code = "UNKNOWN_CHANGE"
    status = "not_found"
    remedy = "Look at its history."


class UndoneAlready(EvertillError):
    """This change has been taken back already."""

    code = "UNDONE_ALREADY"
    status = "conflict"
    remedy = "Look at the history: the newest change says how it stands."


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Where the changes of one kind of thing are: its table, and the column that says of which thing they are."""

    rows: Manager[Any]
    of: str


PRODUCTS = History(rows=ProductChange.objects, of="product_id")
CATEGORIES = History(rows=CategoryChange.objects, of="category_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What of a thing has moved, each value as it was and as it is; `undoes` is the change that this takes back."""

    of: int
    values: Mapping[str, tuple[Plain, Plain]]
    undoes: int | None = None


def record(history: History, *, move: Move, by: str, why: str, now: dt.datetime) -> Change:
    """This function will write down what of a thing has moved, as its next change."""
    (change,) = record_all(history, moves=[move], by=by, why=why, now=now)
    return change


def record_all(history: History, *, moves: Sequence[Move], by: str, why: str, now: dt.datetime) -> list[Change]:
    """This function will write down what of several things has moved, each thing named once, and return the changes."""
    if not moves:
        return []
    of = [move.of for move in moves]
    last = dict(history.rows.filter(**{f"{history.of}__in": of}).values_list(history.of).annotate(Max("number")))
    rows = [
        history.rows.model(
            id=change_id,
            **{history.of: move.of},
            number=last.get(move.of, 0) + 1,
            changed_at=now,
            changed_by=by,
            why=why[:_WHY_CHARS],
            before=_json({name: was for name, (was, _) in move.values.items()}),
            after=_json({name: is_now for name, (_, is_now) in move.values.items()}),
            undoes=move.undoes,
        )
        for change_id, move in zip(ids.new_ids(len(moves), now=now), moves, strict=True)
    ]
    # Nothing has taken back what is new.
    return [_change(row, is_undone=False) for row in history.rows.bulk_create(rows)]


def list_changes(history: History, *, of: int, before: int | None = None, limit: int) -> list[Change]:
    """This function will return the changes of a thing, the newest first, those before a number."""
    rows = history.rows.filter(**{history.of: of})
    if before is not None:
        rows = rows.filter(number__lt=before)
    return _changes(history, rows.order_by("-number")[:limit])


def find_change(history: History, *, of: int, number: int) -> Change:
    """This function will return one change of a thing; raises UnknownChange."""
    found = _changes(history, history.rows.filter(**{history.of: of}, number=number))
    if not found:
        raise UnknownChange(f"There is no change {number} of it.")
    return found[0]


def check_undoable(change: Change, *, what: str, now: Mapping[str, Plain]) -> None:
    """This function will raise UndoneAlready for a change that was taken back before.

    It raises ChangedMeanwhile where something that the change set is something else `now`: a later change of it would
    be taken back unseen.
    """
    if change.is_undone:
        raise UndoneAlready(f"Change {change.number} has been taken back already.")
    # What has no value, and what has an empty one, are the same to whoever reads it.
    check_unchanged(
        what=f"What change {change.number} of {what} set",
        seen={name: value or None for name, value in change.after.items()},
        now={name: now.get(name) or None for name in change.after},
    )


def _changes(history: History, rows: Iterable[_Row]) -> list[Change]:
    kept = list(rows)
    undone = set(history.rows.filter(undoes__in=[row.pk for row in kept]).values_list("undoes", flat=True))
    return [_change(row, is_undone=row.pk in undone) for row in kept]


def _change(row: _Row, *, is_undone: bool) -> Change:
    return Change(
        id=row.pk,
        number=row.number,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        why=row.why,
        before=msgspec.json.decode(row.before, type=_CONTENT),
        after=msgspec.json.decode(row.after, type=_CONTENT),
        undoes=row.undoes,
        is_undone=is_undone,
    )


def _json(values: Mapping[str, Plain]) -> str:
    return msgspec.json.encode(values, order="deterministic").decode()
