"""Verify the trail: whether every record is as it was written, and none is gone that was noted elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec

from evertill.domains import incidents, trail
from evertill.domains.trail import Finding, Head
from evertill.journeys.anchor_trail import SUBJECT, Anchor, Break, Noted, read_anchor, read_or_alert
from evertill.kernel import config, db
from evertill.kernel.files import write_whole
from evertill.kernel.said import Said

# What one look tells; whoever has as many has enough to do.
_FINDINGS_MAX = 1_000
# Beside the anchor: what the last look found, for whoever asks how the trail stands.
_FILE = "trail-verified.json"


class Line(msgspec.Struct, frozen=True):
    """A line of a log or of a file that tells where chains stood: an anchor, or what every written record logs."""

    heads: list[Noted]
    at: dt.datetime | None = None
    timestamp: dt.datetime | None = None


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """When the whole trail was looked through last by the clock, how long it was, and how much was wrong with it."""

    at: dt.datetime
    records: int
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a look through the whole trail found: nothing, when `findings` is empty.

    `is_bendable` says that the shop's own database role owns the tables, and so could switch their guards off.

    `anchored_at` is when this node wrote down last where the chains stood; None when it never did. `anchors` says how
    many places were compared with what was written down, and `lost` how many of them went with an accepted cut.
    """

    records: int
    chains: int
    findings: Sequence[Finding]
    anchored_at: dt.datetime | None
    anchors: int
    lost: int
    breaks: Sequence[Break]
    is_bendable: bool


def verify_trail(*, lines: Iterable[Line] = (), other_secrets: Sequence[bytes] = ()) -> Verified:
    """This function will look through the whole trail, as of one moment, and return everything that is wrong with it.

    `lines` tell where chains stood by what was kept elsewhere, `other_secrets` are those that the shop had before.
    Raises AnchorUnreadable.
    """
    anchor = read_anchor()
    breaks = anchor.breaks if anchor else []
    with db.snapshot():
        wanted, lost = _wanted(anchor, lines, breaks)
        heads = trail.read_heads()
        findings = list(islice(trail.verify(anchors=wanted, other_secrets=other_secrets), _FINDINGS_MAX))
    return Verified(
        records=sum(head.seq for head in heads),
        chains=len(heads),
        findings=findings,
        anchored_at=anchor.at if anchor else None,
        anchors=len(wanted),
        lost=lost,
        breaks=breaks,
        is_bendable=trail.is_bendable(),
    )


def verify_and_alert(*, now: dt.datetime) -> int:
    """This function will verify the trail and return how much is wrong with it; then an alert is open.

    Raises AnchorUnreadable, with an alert too.
    """
    read_or_alert(now=now)
    found = verify_trail()
    findings = found.findings
    text = msgspec.json.encode(Looked(at=now, records=found.records, findings=len(findings))).decode()
    write_whole(path=config.get().data / _FILE, text=text + "\n")
    if findings:
        first = findings[0]
        place = f"{first.chain}-{first.seq}"
        detail = Said(
            text=f"{len(findings)} findings; the first: {first.fault.value} ({place})",
            code="TRAIL_FINDINGS",
            values={"count": str(len(findings)), "record": place},
        )
        with db.write():
            incidents.raise_alert(kind=incidents.Kind.TRAIL_BROKEN, subject=SUBJECT, detail=detail, now=now)
    return len(findings)


def read_verified() -> Looked | None:
    """This function will return what the last look by the clock on this node found; None when there is none to read."""
    try:
        return msgspec.json.decode((config.get().data / _FILE).read_bytes(), type=Looked)
    except (OSError, msgspec.MsgspecError):
        return None


def _wanted(anchor: Anchor | None, lines: Iterable[Line], breaks: Sequence[Break]) -> tuple[set[Head], int]:
    wanted = set(anchor.as_heads if anchor else ())
    accepted_at = breaks[-1].at if breaks else None
    older: set[Head] = set()
    for line in lines:
        at = line.at or line.timestamp
        heads = {Head(chain, seq, bytes.fromhex(mac)) for chain, seq, mac in line.heads}
        if accepted_at is not None and at is not None and at < accepted_at:
            older |= heads
        else:
            wanted |= heads
    # Of what was noted before a cut that was accepted, some went with it.
    gone = set(trail.judge_cut(older, standing=trail.read_standing(anchors=list(older))))
    return wanted | (older - gone), len(gone)
