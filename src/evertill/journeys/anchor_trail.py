"""Anchor the trail: write down, outside the database, where its chains stand; and notice when that is no longer so.

Whoever has the whole database can cut off the newest records and set the chains back to where they stood before. That
cannot be seen in the database. It is seen here, because where the chains stood is in a file of the data folder, and in
the log, which goes wherever the shop sends it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog

from evertill.domains import incidents, trail
from evertill.domains.trail import Actor, Head, Subject
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError
from evertill.kernel.files import lock, write_whole
from evertill.kernel.said import Said, said_of

_log = structlog.get_logger("evertill.trail")
ANCHOR_FILE = "trail-anchor.json"
_BREAKS_MAX = 1_000
SUBJECT = "audit trail"

# A chain, its newest record there, and that one's keyed hash in hexadecimal: how a head is written down.
Noted = tuple[int, int, str]


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """A cut that somebody has accepted, because he knows its cause: what was anchored, and stood there no longer."""

    at: dt.datetime
    who: str
    why: str
    lost: list[Noted]


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """Where the chains stood at a moment, and the cuts that were accepted until then."""

    at: dt.datetime
    heads: list[Noted]
    breaks: list[Break] = []

    @property
    def as_heads(self) -> list[Head]:
        return [Head(chain, seq, bytes.fromhex(mac)) for chain, seq, mac in self.heads]


class TrailCut(EvertillError):
    """Records that stood in the trail are gone or were replaced."""

    code = "TRAIL_CUT"
    status = "conflict"
    kept = "The anchor stays as it is, and what it says was not forgotten."
    remedy = (
        "If the database was restored from a backup, accept the cut with `evertill audit-trail accept-cut`. Otherwise"
        " somebody has changed the database: keep a copy of it, and of the data folder, before anything else."
    )


class NothingCut(EvertillError):
    """Every record that was anchored stands where it stood."""

    code = "NOTHING_CUT"
    status = "conflict"
    remedy = "There is nothing to accept; look at the trail with `evertill audit-trail verify`."


class AnchorUnreadable(EvertillError):
    """The file that says where the trail stood cannot be read."""

    code = "ANCHOR_UNREADABLE"
    status = "internal"
    kept = "The trail itself was not touched."
    remedy = "Look at the file; bring it back from a copy of the data folder if it is broken."


def anchor_path() -> Path:
    """This function will return the file in which this node writes down where the chains stand."""
    return config.get().data / ANCHOR_FILE


def anchor_trail(*, now: dt.datetime) -> bool:
    """This function will write down where the chains stand, and say whether there was anything new.

    Raises TrailCut, and raises an alert, when what was written down before is no longer true, and AnchorUnreadable when
    nobody can tell; then nothing is written.
    """
    with _alone():
        anchor = read_or_alert(now=now)
        heads = trail.read_heads()
        cut = find_cut(anchor)
        if cut:
            _raise_alert(cut, now=now)
            raise TrailCut(f"The end of the trail was cut off: {_told(cut)}.")
        noted = [_noted(head) for head in heads]
        if anchor is not None and anchor.heads == noted:
            return False
        write_anchor(Anchor(at=now, heads=noted, breaks=anchor.breaks if anchor else []))
        return True


def accept_cut(*, why: str, actor: Actor, now: dt.datetime) -> Break:
    """This function will accept that records are gone, because their cause is known, such as a restored backup.

    It is recorded, in the trail and beside the anchor, and told by every later verification. Raises NothingCut.
    """
    with _alone():
        anchor = read_anchor()
        cut = find_cut(anchor)
        if anchor is None or not cut:
            raise NothingCut("The trail is as long as it was when it was anchored.")
        accepted = Break(at=now, who=f"{actor.kind.value} {actor.id}", why=why, lost=[_noted(head) for head in cut])
        with db.write():
            trail.write(
                actor=actor,
                operation="trail.accept_cut",
                subject=Subject(kind="trail", id=SUBJECT),
                before={"anchored": accepted.lost},
                after={"standing": [_noted(head) for head in trail.read_heads()]},
                why=why,
                now=now,
            )
            incidents.close_alerts(
                kind=incidents.Kind.TRAIL_BROKEN, subject=SUBJECT, actor=actor.id or "nobody", why=why, now=now
            )
        breaks = [*anchor.breaks, accepted][-_BREAKS_MAX:]
        write_anchor(Anchor(at=now, heads=[_noted(head) for head in trail.read_heads()], breaks=breaks))
        return accepted


def find_cut(anchor: Anchor | None) -> list[Head]:
    """This function will return those anchored heads whose records are gone or replaced."""
    if anchor is None:
        return []
    heads = anchor.as_heads
    return trail.judge_cut(heads, standing=trail.read_standing(anchors=heads))


def current_anchor(*, now: dt.datetime) -> Anchor:
    """This function will return where the chains stand now, to be kept where nobody here can change it."""
    return Anchor(at=now, heads=[_noted(head) for head in trail.read_heads()])


def read_anchor() -> Anchor | None:
    """This function will return what this node wrote down last; None when it never did. Raises AnchorUnreadable."""
    try:
        anchor = msgspec.json.decode(anchor_path().read_bytes(), type=Anchor)
        # What is no hash is found here, and not where it is compared.
        _ = anchor.as_heads
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, ValueError) as cause:
        raise AnchorUnreadable(f"{anchor_path()} cannot be read: {cause}.") from cause
    return anchor


def read_or_alert(*, now: dt.datetime) -> Anchor | None:
    """This function will do as `read_anchor`; an anchor that cannot be read raises an alert as well.

    Whoever cuts the trail off would like nobody to know where it stood.
    """
    try:
        return read_anchor()
    except AnchorUnreadable as unreadable:
        with db.write():
            incidents.raise_alert(
                kind=incidents.Kind.TRAIL_BROKEN, subject=SUBJECT, detail=said_of(unreadable), now=now
            )
        raise


def write_anchor(anchor: Anchor) -> None:
    """This function will put an anchor in the place of the one before, whole or not at all."""
    write_whole(path=anchor_path(), text=msgspec.json.encode(anchor).decode() + "\n")


def _raise_alert(cut: Sequence[Head], *, now: dt.datetime) -> None:
    _log.error("trail cut", heads=[_noted(head) for head in cut])
    with db.write():
        names = ", ".join(f"{head.chain}-{head.seq}" for head in cut[:10])
        gone = Said(text=_told(cut), code="RECORDS_GONE", values={"records": names})
        incidents.raise_alert(kind=incidents.Kind.TRAIL_BROKEN, subject=SUBJECT, detail=gone, now=now)


def _told(cut: Sequence[Head]) -> str:
    return "; ".join(f"record {head.chain}-{head.seq} is gone or was replaced" for head in cut[:10])


def _noted(head: Head) -> Noted:
    return head.chain, head.seq, head.mac.hex()


@contextmanager
def _alone() -> Iterator[None]:
    with lock(config.get().data / "trail-anchor.lock"):
        yield
