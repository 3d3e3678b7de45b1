"""Reads of the trail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from evertill.domains.trail import rules
from evertill.domains.trail.models import Record as Row
from evertill.domains.trail.operations import PURPOSE
from evertill.domains.trail.types import Fault, Finding, Head, Reason, Record, Search
from evertill.kernel import crypto, db, sql
from evertill.kernel.arrays import Bigints, Ints, Texts

_HERE = "evertill.domains.trail"
_FIELDS = Record.__struct_fields__
_CHUNK = 2_000


def read_heads() -> list[Head]:
    """This function will return where every chain that has records stands."""
    return _heads(db.fetch(sql.load(_HERE, "read_heads")))


def read_standing(*, anchors: Sequence[Head]) -> list[Head]:
    """This function will return what stands at the places of anchors; a place that has no record is missing."""
    chains, seqs = Ints([anchor.chain for anchor in anchors]), Bigints([anchor.seq for anchor in anchors])
    return _heads(db.fetch(sql.load(_HERE, "read_standing"), (chains, seqs)))


def count_records() -> int:
    """This function will return how many records there are by the heads of the chains."""
    return sum(head.seq for head in read_heads())


def read_records(*, search: Search, limit: int) -> list[Record]:
    """This function will return up to `limit` records that fit a search, newest first."""
    found = _found(search).order_by("-at", "-id")[:limit]
    return [_record(values) for values in found.values_list(*_FIELDS)]


def read_reasons(*, subject_kind: str, subject_ids: Sequence[str], limit: int) -> list[Reason]:
    """This function will return up to `limit` reasons that were given for what was done to some things of one kind."""
    rows = db.fetch(sql.load(_HERE, "read_reasons"), (subject_kind, Texts(subject_ids), limit))
    return [Reason(id=row[0], at=row[1], operation=row[2], why=row[3]) for row in rows]


def count_found(*, search: Search, most: int) -> int:
    """This function will return how many records fit a search, `most` when there are as many or more."""
    return _found(search).order_by("-at", "-id")[:most].count()


def stream_records(*, search: Search) -> Iterator[Record]:
    """This function will give every record that fits a search, oldest first, a bounded number in memory at a time."""
    found = _found(search).order_by("at", "id")
    for values in found.values_list(*_FIELDS).iterator(chunk_size=_CHUNK):
        yield _record(values)


def verify(*, anchors: Iterable[Head] = (), other_secrets: Sequence[bytes] = ()) -> Iterator[Finding]:
    """This function will give everything that is wrong with the trail; nothing, when it is as it was written.

    The caller holds a snapshot. `other_secrets` are secrets that the shop had before.
    """
    for detail in find_missing_guards():
        yield Finding(fault=Fault.UNGUARDED, detail=detail)
    derived = [crypto.derive_key(PURPOSE), *(crypto.derive_key(PURPOSE, secret=secret) for secret in other_secrets)]
    # A head that somebody emptied has no records to be missed by, and yet it may be that of a chain with some.
    heads = _heads(db.fetch(sql.load(_HERE, "read_all_heads")))
    records = (_record(values) for values in db.stream(sql.load(_HERE, "stream_all")))
    yield from rules.check(records, heads=heads, anchors=anchors, keys=dict(map(rules.key_of, derived)))


def find_missing_guards() -> list[str]:
    """This function will return which of the triggers that refuse changes are missing, switched off, or others."""
    there = {name: (table, when, source) for name, table, when, source in db.fetch(sql.load(_HERE, "read_guards"))}
    return [
        f"the trigger {name} is {'not what it was' if name in there else 'missing or switched off'}"
        for name, guard in rules.GUARDS.items()
        if there.get(name) != guard
    ]


def is_bendable() -> bool:
    """This function will say whether the role that the shop works as could change what was recorded.

    It cannot when it does not own the tables. When it does, triggers refuse, and it could switch them off.
    """
    ((can,),) = db.fetch(sql.load(_HERE, "is_bendable"))
    return bool(can)


def _found(search: Search) -> QuerySet[Row]:
    asked: dict[str, Any] = {
        "id": search.id,
        "actor_kind": search.actor_kind or None,
        "actor_id": search.actor_id or None,
        "subject_kind": search.subject_kind or None,
        "subject_id": search.subject_id or None,
        "outcome": search.outcome or None,
        "at__gte": search.since,
        "at__lt": search.until,
    }
    if search.operation.endswith("."):
        # From the dot to what comes after it in the alphabet of bytes, which the column is sorted by.
        asked |= {"operation__gte": search.operation, "operation__lt": search.operation[:-1] + "/"}
    elif search.operation:
        asked["operation"] = search.operation
    found = Row.objects.filter(**{name: value for name, value in asked.items() if value is not None})
    if search.older_than is not None:
        at, record_id = search.older_than
        # Said so that the index can begin there, and not only leave out what comes before.
        found = found.filter(Q(at__lte=at)).exclude(Q(at=at, id__gte=record_id))
    return found


def _record(values: Sequence[Any]) -> Record:
    # The last one is the hash, which the driver may give as a view.
    fields = [*values[:-1], bytes(values[-1])]
    return Record(*fields)


def _heads(rows: Iterable[tuple[int, int, bytes]]) -> list[Head]:
    return [Head(chain, seq, bytes(mac)) for chain, seq, mac in rows]
