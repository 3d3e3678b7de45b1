"""What the trail decides: what a record's keyed hash covers, and what a broken chain is."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from evertill.domains.trail.types import Fault, Finding, Head, Record

# How many transactions can write at the same moment without waiting for each other.
CHAINS = 64
FORM = 1
# What stands in the place of the hash before the first record.
GENESIS = bytes(32)
CONTENT_BYTES_MAX = 16_000
# What the functions say that the guards call: whoever gives one another body has switched it off.
_REFUSES = (
    "begin raise exception 'What the trail has recorded is never changed.'"
    " using errcode = 'restrict_violation', constraint = tg_name, table = tg_table_name; end"
)
_ONLY_FORWARD = (
    "begin if new.chain <> old.chain or new.seq <= old.seq then"
    " raise exception 'A chain of the trail only grows.'"
    " using errcode = 'restrict_violation', constraint = tg_name, table = tg_table_name; end if; return new; end"
)
# The triggers that refuse to change what was written: on which table, when and for which statements (the bits of
# PostgreSQL's `tgtype`: 1 each row, 2 before, 8 delete, 16 update, 32 truncate), and what they call.
GUARDS: Mapping[str, tuple[str, int, str]] = {
    "trail_record_immutable": ("trail_record", 2 | 8 | 16 | 32, _REFUSES),
    "trail_chain_forward_only": ("trail_chain", 1 | 2 | 16, _ONLY_FORWARD),
    "trail_chain_kept": ("trail_chain", 2 | 8 | 32, _REFUSES),
}
# What the shop's own role may do with the tables: add, and move a chain's head. Nothing else, for anybody.
RIGHTS: Mapping[str, tuple[str, ...]] = {
    "trail_record": ("select", "insert"),
    "trail_chain": ("select", "insert", "update"),
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_OPERATION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_NUMBERS = struct.Struct(">hiqqqq")
_TEXTS = slice(Record.__struct_fields__.index("actor_kind"), Record.__struct_fields__.index("key_mark"))


def is_operation(text: str) -> bool:
    """This function will say whether a text can name an operation: a room, a dot, what is done there."""
    return _OPERATION.fullmatch(text) is not None


def key_of(secret_key: bytes) -> tuple[int, bytes]:
    """This function will return the mark by which a key is known, 31 bits of its hash, and the key."""
    mark = hashlib.blake2b(secret_key, digest_size=4, person=b"trail-mark").digest()
    return int.from_bytes(mark, "big") >> 1, secret_key


def mac_of(record: Record, *, previous: bytes, key: bytes) -> bytes:
    """This function will return the keyed hash of a record that follows another one: BLAKE2b, 256 bits, all fields.

    It covers the hash before it (32 bytes), six numbers (form, chain, seq, id, microseconds since 1970, session) and
    twelve texts, separated by the zero character, which no text in PostgreSQL can have. So no two records look alike.
    """
    numbers = _NUMBERS.pack(
        record.form, record.chain, record.seq, record.id, (record.at - _EPOCH) // _MICROSECOND, record.session_id
    )
    texts = "\0".join(msgspec.structs.astuple(record)[_TEXTS])
    return hashlib.blake2b(previous + numbers + texts.encode(), key=key, digest_size=32).digest()


def check(
    records: Iterable[Record], *, heads: Sequence[Head], anchors: Iterable[Head], keys: Mapping[int, bytes]
) -> Iterator[Finding]:
    """This function will give everything that is wrong with the records, which come in the order of chain and seq.

    `heads` say where the chains end by the table, `anchors` where they stood by what was written down elsewhere. `keys`
    by their marks.
    """
    ends = {head.chain: head for head in heads}
    wanted: dict[tuple[int, int], set[bytes]] = {}
    for anchor in anchors:
        wanted.setdefault((anchor.chain, anchor.seq), set()).add(anchor.mac)
    last: Record | None = None
    for record in records:
        if last is not None and record.chain != last.chain:
            yield from _check_end(last, ends.pop(last.chain, None))
            last = None
        yield from _check_one(record, last, keys)
        for mac in wanted.pop((record.chain, record.seq), ()):
            if mac != record.mac:
                yield _finding(Fault.CUT, record)
        last = record
    if last is not None:
        yield from _check_end(last, ends.pop(last.chain, None))
    for head in ends.values():
        if head.seq:
            yield Finding(fault=Fault.END, chain=head.chain, seq=head.seq, detail="none of its records is there")
    for chain, seq in sorted(wanted):
        yield Finding(fault=Fault.CUT, chain=chain, seq=seq, detail="it was written down elsewhere that it stood here")


def _check_one(record: Record, last: Record | None, keys: Mapping[int, bytes]) -> Iterator[Finding]:
    seq = last.seq + 1 if last else 1
    if record.seq > seq:
        # What came before it is not known, so its own hash cannot be made; the gap is told instead.
        yield _finding(Fault.MISSING, record, f"{record.seq - seq} of them")
        return
    if record.seq < seq:
        yield _finding(Fault.TWICE, record)
        return
    key = keys.get(record.key_mark)
    if key is None:
        yield _finding(Fault.OTHER_SECRET, record)
    elif mac_of(record, previous=last.mac if last else GENESIS, key=key) != record.mac:
        yield _finding(Fault.CHANGED, record)


def _check_end(last: Record, head: Head | None) -> Iterator[Finding]:
    if head is None or (head.seq, head.mac) != (last.seq, last.mac):
        told = f"its head says {head.seq}" if head else "it has no head"
        yield _finding(Fault.END, last, f"its newest record is {last.seq}, {told}")


def _finding(fault: Fault, record: Record, detail: str = "") -> Finding:
    return Finding(fault=fault, chain=record.chain, seq=record.seq, detail=detail)


def judge_cut(anchors: Iterable[Head], *, standing: Iterable[Head]) -> list[Head]:
    """This function will return those anchors whose records are gone or replaced; `standing` is what stands there."""
    there = {(head.chain, head.seq): head.mac for head in standing}
    return [anchor for anchor in anchors if there.get((anchor.chain, anchor.seq)) != anchor.mac]
