"""Writes of bulk. The caller holds a transaction, and has decided who may."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import msgspec

from evertill.domains.bulk.types import Bulk, Item, ItemState, NewBulk, NewItem, State
from evertill.kernel import crypto, db, ids, sql
from evertill.kernel.arrays import Bigints, Texts
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.bulk"
# What things carry may be large: so many travel at a time.
_PART = 100
# What the columns hold.
_WHY_CHARS, _LABEL_CHARS, _SHOWN_CHARS, _CODE_CHARS, _NOTE_CHARS = 500, 200, 300, 64, 500


class BulkNotOpen(EvertillError):
    """The bulk does not wait to begin, or does not go on: somebody has begun, cancelled or ended it."""

    code = "BULK_NOT_OPEN"
    status = "conflict"
    remedy = "Look at it again: it says what was done and what was not."


def make(*, new: NewBulk, items: Iterable[NewItem], now: dt.datetime) -> Bulk:
    """This function will write down a bulk with its things, frozen, and return it.

    Things are written as they come, so that all of what they carry is never in memory at once.
    """
    (bulk_id,) = ids.new_ids(1, now=now)
    digests: list[bytes] = []
    refused = 0
    coming = iter(items)
    # The bulk itself comes last, when its things are counted: that they belong to it is checked at the commit.
    while part := list(islice(coming, _PART)):
        _add_items(bulk_id, part, placed=len(digests), now=now)
        digests += [hashlib.sha256(msgspec.json.encode(item)).digest() for item in part]
        refused += sum(1 for item in part if item.code)
    # What somebody approves is this; whoever only has the database cannot make another one of the same digest.
    digest = crypto.mac(msgspec.json.encode(new), *digests, purpose="bulk")
    db.execute(
        sql.load(_HERE, "make"),
        (
            bulk_id,
            new.operation,
            new.options,
            new.why[:_WHY_CHARS],
            new.asked_by,
            new.actor,
            digest,
            len(digests),
            refused,
            now,
        ),
    )
    return as_bulks(db.fetch(sql.load(_HERE, "find"), (bulk_id,)))[0]


def _add_items(bulk_id: int, items: Sequence[NewItem], *, placed: int, now: dt.datetime) -> None:
    db.execute(
        sql.load(_HERE, "add_items"),
        {
            "bulk_id": bulk_id,
            "placed": placed,
            "now": now,
            "subjects": Texts([item.subject for item in items]),
            "labels": Texts([item.label[:_LABEL_CHARS] for item in items]),
            "contents": Texts([item.content for item in items]),
            "befores": Texts([item.before[:_SHOWN_CHARS] for item in items]),
            "afters": Texts([item.after[:_SHOWN_CHARS] for item in items]),
            "codes": Texts([item.code[:_CODE_CHARS] for item in items]),
            "notes": Texts([item.note[:_NOTE_CHARS] for item in items]),
        },
    )


def confirm(*, bulk_id: int, approved_by: str, now: dt.datetime) -> Bulk:
    """This function will have a bulk begin, once, and return it; raises BulkNotOpen."""
    rows = db.fetch(sql.load(_HERE, "confirm"), (now, approved_by, bulk_id))
    if not rows:
        raise BulkNotOpen("This does not wait to begin any more.")
    return as_bulks(rows)[0]


def cancel(*, bulk_id: int, now: dt.datetime) -> Bulk:
    """This function will leave undone what is left of a bulk, and return it; raises BulkNotOpen.

    What is being done at this moment is waited for, and stays done.
    """
    return _end_early(bulk_id, State.CANCELLED, now=now)


def stop(*, bulk_id: int, now: dt.datetime) -> Bulk:
    """This function will end a bulk whose asker may not do it any more, and return it; raises BulkNotOpen."""
    return _end_early(bulk_id, State.STOPPED, now=now)


def _end_early(bulk_id: int, state: State, *, now: dt.datetime) -> Bulk:
    rows = db.fetch(sql.load(_HERE, "end_early"), (state.value, now, bulk_id))
    if not rows:
        raise BulkNotOpen("This has ended already.")
    db.execute(sql.load(_HERE, "drop_waiting"), (now, bulk_id))
    return as_bulks(rows)[0]


def claim(*, bulk_id: int, until: dt.datetime, now: dt.datetime) -> Item | None:
    """This function will claim the next thing of a bulk that runs, count the try, and return it; None when none waits.

    Until that moment nobody else claims it, unless its claimer says what became of it.
    """
    db.fetch(sql.load(_HERE, "take_turn"), (bulk_id,))
    found = as_items(db.fetch(sql.load(_HERE, "claim"), (until, bulk_id, now)))
    return found[0] if found else None


def claim_fresh(*, bulk_id: int, limit: int, until: dt.datetime, now: dt.datetime) -> list[Item]:
    """This function will claim the next things of a bulk that nobody has tried yet, and return them in their places."""
    db.fetch(sql.load(_HERE, "take_turn"), (bulk_id,))
    params = {"bulk_id": bulk_id, "limit": limit, "until": until, "now": now}
    return sorted(as_items(db.fetch(sql.load(_HERE, "claim_fresh"), params)), key=lambda item: item.place)


def lock_items(*, item_ids: Sequence[int]) -> set[int]:
    """This function will hold those of some things that wait and that nobody else holds, and return them."""
    return {item_id for (item_id,) in db.fetch(sql.load(_HERE, "lock_items"), (Bigints(item_ids),))}


def lock_item(*, item_id: int) -> bool:
    """This function will hold a thing until the transaction ends, and say whether it waits and nobody else holds it."""
    return bool(db.fetch(sql.load(_HERE, "lock_item"), (item_id,)))


def end_item(*, item_id: int, state: ItemState, code: str = "", note: str = "", now: dt.datetime) -> bool:
    """This function will say what became of a thing, and return whether it still waited."""
    values = (state.value, code[:_CODE_CHARS], note[:_NOTE_CHARS], now, item_id)
    return bool(db.execute(sql.load(_HERE, "end_item"), values))


def end_items(*, notes: Mapping[int, str], now: dt.datetime) -> int:
    """This function will say of several things that they were done, with a note on each, and how many still waited."""
    values = (now, Bigints(list(notes)), Texts([note[:_NOTE_CHARS] for note in notes.values()]))
    return db.execute(sql.load(_HERE, "end_items"), values)


def postpone(*, item_id: int, until: dt.datetime, code: str, note: str) -> None:
    """This function will let a thing wait until a moment, and note why."""
    db.execute(sql.load(_HERE, "postpone"), (until, code[:_CODE_CHARS], note[:_NOTE_CHARS], item_id))


def end_when_done(*, bulk_id: int, now: dt.datetime) -> Bulk | None:
    """This function will end a bulk that runs and of which nothing waits, and return it; None when it does not."""
    found = as_bulks(db.fetch(sql.load(_HERE, "end_when_done"), (now, bulk_id)))
    return found[0] if found else None


def remove_old(*, before: dt.datetime, limit: int) -> int:
    """This function will remove up to `limit` bulks that were made before a moment and do not run, and count them."""
    return db.execute(sql.load(_HERE, "remove_old"), (before, limit))


def as_bulks(rows: list[tuple[object, ...]]) -> list[Bulk]:
    """This function will make values of rows whose columns are the fields."""
    return [msgspec.convert(dict(zip(Bulk.__struct_fields__, row, strict=True)), Bulk) for row in rows]


def as_items(rows: list[tuple[object, ...]]) -> list[Item]:
    """This function will make values of rows whose columns are the fields."""
    return [msgspec.convert(dict(zip(Item.__struct_fields__, row, strict=True)), Item) for row in rows]
