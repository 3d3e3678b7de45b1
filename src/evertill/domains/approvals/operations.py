"""Writes of approvals. The caller holds a transaction, and has decided who may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from evertill.domains.approvals.types import Approval, State
from evertill.kernel import crypto, db, ids, sql
from evertill.kernel.arrays import Bigints
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.approvals"
_WHY_CHARS, _SUBJECT_CHARS = 500, 170
CONTENT_BYTES_MAX = 16_000


class ApprovalRequired(EvertillError):
    """This needs the approval of another person, for exactly this."""

    code = "APPROVAL_REQUIRED"
    status = "forbidden"
    remedy = "Ask for approval; when another person has given it, do the same once more."


class ApprovalNotOpen(EvertillError):
    """No such approval waits to be decided: it is unknown, too old, or was decided or withdrawn already."""

    code = "APPROVAL_NOT_OPEN"
    status = "conflict"
    remedy = "Look at the list of what waits for approval."


class TooManyAsked(EvertillError):
    """This person waits for many approvals already, or asks for one of too much at once."""

    code = "TOO_MANY_ASKED"
    status = "busy"
    remedy = "Wait until some are decided, or withdraw them; ask for less at once."


def ask(
    *,
    operation: str,
    subject: str,
    content: Mapping[str, Any],
    asked_by: str,
    why: str,
    lasts: dt.timedelta,
    most: int,
    now: dt.datetime,
) -> Approval:
    """This function will ask for an approval of exactly `content`, and return it; the same one when it waits already.

    It can be decided and spent for as long as it `lasts`. Raises TooManyAsked beyond `most` that wait.
    """
    text = canonical(content)
    if len(text.encode()) > CONTENT_BYTES_MAX:
        raise TooManyAsked(f"What is to be approved at once has at most {CONTENT_BYTES_MAX} bytes.")
    digest = _digest(operation, subject, text)
    # Those who ask twice at once are one person; his second one waits here for the first.
    db.fetch(sql.load(_HERE, "queue_asker"), (asked_by,))
    found = as_approvals(db.fetch(sql.load(_HERE, "find_usable"), (asked_by, digest, now)))
    if found:
        return found[0]
    ((waiting,),) = db.fetch(sql.load(_HERE, "count_waiting"), (asked_by, now))
    if waiting >= most:
        raise TooManyAsked(f"{waiting} requests of this person wait already.")
    (approval_id,) = ids.new_ids(1, now=now)
    db.execute(
        sql.load(_HERE, "ask"),
        (
            approval_id,
            operation,
            subject[:_SUBJECT_CHARS],
            text,
            digest,
            asked_by,
            now,
            why[:_WHY_CHARS],
            now + lasts,
        ),
    )
    return as_approvals(db.fetch(sql.load(_HERE, "find"), (approval_id,)))[0]


def decide(*, approval_id: int, is_approved: bool, decided_by: str, decision: str, now: dt.datetime) -> Approval:
    """This function will approve or refuse what waits, and return it; raises ApprovalNotOpen.

    That nobody decides what he asked for himself is a constraint of the database, too.
    """
    state = State.APPROVED if is_approved else State.REFUSED
    rows = db.fetch(
        sql.load(_HERE, "decide"),
        (state.value, decided_by, now, decision[:_WHY_CHARS], approval_id, now),
    )
    if not rows:
        raise ApprovalNotOpen("This does not wait for approval any more.")
    return as_approvals(rows)[0]


def withdraw(*, approval_id: int, asked_by: str) -> None:
    """This function will withdraw what its asker does not want any more; raises ApprovalNotOpen."""
    if not db.execute(sql.load(_HERE, "withdraw"), (approval_id, asked_by)):
        raise ApprovalNotOpen("This does not wait for approval any more, or somebody else has asked for it.")


def spend(*, operation: str, subject: str, content: Mapping[str, Any], asked_by: str, now: dt.datetime) -> Approval:
    """This function will use an approval up, in the operation's own transaction, and return it.

    Raises ApprovalRequired when there is none of exactly this content that its asker may use now.
    """
    digest = _digest(operation, subject, canonical(content))
    rows = db.fetch(sql.load(_HERE, "spend"), (now, asked_by, digest, now))
    if not rows:
        raise ApprovalRequired("Nobody has approved exactly this yet.", operation=operation, subject=subject)
    return as_approvals(rows)[0]


def forget_words(*, approval_ids: Sequence[int], now: dt.datetime) -> None:
    """This function will take out what people typed into approvals, where these have ended; the rest of them stays."""
    db.execute(sql.load(_HERE, "forget_words"), (Bigints(approval_ids), now))


def canonical(content: Mapping[str, Any]) -> str:
    """This function will write content in the one way in which it is compared and shown."""
    return msgspec.json.encode(content, order="deterministic").decode()


def _digest(operation: str, subject: str, text: str) -> bytes:
    # Keyed: what was approved cannot be exchanged by one who only has the database.
    return crypto.mac(operation.encode(), subject.encode(), text.encode(), purpose="approvals")


def as_approvals(rows: list[Any]) -> list[Approval]:
    """This function will make values of rows whose columns are the fields."""
    return [msgspec.convert(dict(zip(Approval.__struct_fields__, row, strict=True)), Approval) for row in rows]
