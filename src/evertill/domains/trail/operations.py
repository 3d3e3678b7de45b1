"""Writes of the trail. The caller holds the transaction of the change that is recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from django.db import connection, transaction

from evertill.domains.trail import rules
from evertill.domains.trail.types import Actor, Entry, Head, Outcome, Record, Subject
from evertill.kernel import crypto, db, ids, sql
from evertill.kernel.arrays import Bigints, Texts
from evertill.kernel.errors import EvertillError

_log = structlog.get_logger("evertill.trail")
_HERE = "evertill.domains.trail"
PURPOSE = "trail"
# What the columns hold.
_ACTOR_CHARS, _ROLES_CHARS, _FACTORS_CHARS, _PLACE_CHARS = 64, 300, 100, 100
_KIND_CHARS, _SUBJECT_CHARS, _WHY_CHARS = 40, 128, 500


class NotInTransaction(EvertillError):
    """A record was to be written apart from the change that it tells of; whoever did so has a fault."""

    code = "NOT_IN_TRANSACTION"
    status = "internal"


class RecordTooLarge(EvertillError):
    """What was before, or is after, is more than a record holds."""

    code = "RECORD_TOO_LARGE"
    status = "too_large"
    remedy = "Do it in smaller parts, or record digests instead of contents."


def write(
    *,
    actor: Actor,
    operation: str,
    subject: Subject,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    why: str = "",
    outcome: Outcome = Outcome.DONE,
    now: dt.datetime,
) -> Record:
    """This function will record one thing that was done, or refused, in the transaction in which it happens.

    Raises NotInTransaction, RecordTooLarge, and ValueError for what cannot name an operation.
    """
    entry = Entry(
        actor=actor, operation=operation, subject=subject, before=before, after=after, why=why, outcome=outcome
    )
    (record,) = write_all(entries=[entry], now=now)
    return record


def write_all(*, entries: Sequence[Entry], now: dt.datetime) -> list[Record]:
    """This function will record many things that happen in one transaction, as `write` does, in their sequence."""
    if not entries:
        return []
    if not connection.in_atomic_block:
        raise NotInTransaction("A record of the trail is written in the transaction of what it tells of.")
    head = _take_chain()
    records = _chained(entries, head, now=now)
    if not _append(records, head):
        raise RuntimeError("The head of a chain moved while it was held.")
    newest = Head(head.chain, records[-1].seq, records[-1].mac)
    # Wherever the log goes, there the newest record's hash is out of reach of whoever holds the database.
    transaction.on_commit(lambda: _log.info("trail record", heads=[[newest.chain, newest.seq, newest.mac.hex()]]))
    return records


def _take_chain() -> Head:
    rows = db.fetch(sql.load(_HERE, "take_free_chain"))
    if not rows:
        db.execute(sql.load(_HERE, "open_chains"), (rules.GENESIS, rules.CHAINS))
        rows = db.fetch(sql.load(_HERE, "take_free_chain"))
    if not rows:
        # All are held by others, which is more than ever work at once; then one has to wait, for some of them.
        rows = db.fetch(sql.load(_HERE, "wait_for_chain"), (rules.CHAINS,))
    ((chain, seq, mac),) = rows
    return Head(chain, seq, bytes(mac))


def _chained(entries: Sequence[Entry], head: Head, *, now: dt.datetime) -> list[Record]:
    mark, key = rules.key_of(crypto.derive_key(PURPOSE))
    records = []
    previous = head.mac
    for place, (record_id, entry) in enumerate(zip(ids.new_ids(len(entries), now=now), entries, strict=True), 1):
        unsealed = _record(entry, record_id, chain=head.chain, seq=head.seq + place, key_mark=mark, now=now)
        record = msgspec.structs.replace(unsealed, mac=rules.mac_of(unsealed, previous=previous, key=key))
        records.append(record)
        previous = record.mac
    return records


def _record(entry: Entry, record_id: int, *, chain: int, seq: int, key_mark: int, now: dt.datetime) -> Record:
    if not rules.is_operation(entry.operation):
        raise ValueError(f"'{entry.operation}' does not name an operation.")
    actor, subject = entry.actor, entry.subject
    return Record(
        form=rules.FORM,
        chain=chain,
        seq=seq,
        id=record_id,
        at=now,
        session_id=actor.session_id,
        actor_kind=actor.kind.value,
        actor_id=_text(actor.id, _ACTOR_CHARS),
        roles=_text(",".join(actor.roles), _ROLES_CHARS),
        factors=_text(",".join(actor.factors), _FACTORS_CHARS),
        place=_text(actor.place, _PLACE_CHARS),
        operation=entry.operation,
        subject_kind=_text(subject.kind, _KIND_CHARS),
        subject_id=_text(subject.id, _SUBJECT_CHARS),
        before=_content(entry.before),
        after=_content(entry.after),
        why=_text(entry.why, _WHY_CHARS),
        outcome=entry.outcome.value,
        key_mark=key_mark,
        mac=b"",
    )


def _text(text: str, chars: int) -> str:
    # Strangers type some of these; PostgreSQL knows neither a zero character nor half of a pair.
    return text.replace("\0", "").encode(errors="replace").decode()[:chars]


def _content(value: Mapping[str, Any] | None) -> str:
    if value is None:
        return ""
    content = msgspec.json.encode(value, order="deterministic")
    if len(content) > rules.CONTENT_BYTES_MAX:
        raise RecordTooLarge(f"A record holds {rules.CONTENT_BYTES_MAX} bytes of before or after, not {len(content)}.")
    return content.decode()


def _append(records: Sequence[Record], head: Head) -> bool:
    newest = records[-1]
    columns = zip(*(msgspec.structs.astuple(record) for record in records), strict=True)
    _, _, seqs, record_ids, _, session_ids, *texts, _, macs = columns
    written = db.execute(
        sql.load(_HERE, "append"),
        (
            newest.seq,
            newest.mac,
            head.chain,
            head.seq,
            rules.FORM,
            newest.at,
            newest.key_mark,
            Bigints(seqs),
            Bigints(record_ids),
            Bigints(session_ids),
            *(Texts(values) for values in texts),
            [bytes(mac) for mac in macs],
        ),
    )
    return written == len(records)
