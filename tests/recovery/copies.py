"""Copies of a shop that never was: every object of the right form and well sealed, so that all can be looked at.

Making them takes a moment, so each planted defect has copies of its own.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec.structs import replace

from evertill.domains.recovery import Backup, Key, Kind, Line, Manifest, Part, State, Target, rules
from evertill.domains.recovery.sealing import new_key
from evertill.outside.open_target import open_target

SEGMENT = 1 << 16
NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """A folder of copies, its key, and what the shop remembers of them."""

    folder: Path
    key: Key
    line: Line
    manifests: list[Manifest]
    log_until: int

    def open(self) -> Target:
        return open_target(str(self.folder), folder=self.folder, timeout_s=5)

    def files(self, part: str = "") -> list[Path]:
        """The objects whose keys have `part` in them, in order."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return [path for path in found if part in f"/{path.relative_to(self.folder)}"]

    def remembered(self) -> list[Backup]:
        return [
            Backup(
                id=one.id,
                line=one.line,
                kind=one.kind,
                state=State.COMPLETE,
                began_at=one.began_at,
                ended_at=one.ended_at,
                start=one.start,
                stop=one.stop,
            )
            for one in self.manifests
        ]


def make(folder: Path, *, dice: random.Random, backups: int = 4, parts: int = 3) -> Copies:
    """A full backup, incremental ones behind it, and the log from before the first one on."""
    key = new_key()
    line = Line(id=f"{dice.getrandbits(64):016x}", system="7", segment_bytes=SEGMENT, began_at=NOON)
    target = open_target(str(folder), folder=folder, timeout_s=5)

    def put(name: str, plain: bytes) -> Part:
        sealed = key.seal(name, plain)
        target.put(sealed.key, sealed.data)
        return Part(key=sealed.key, size=len(sealed.data))

    put(rules.line_name(line.id), msgspec.json.encode(line))
    manifests: list[Manifest] = []
    for number in range(backups):
        name = f"20261122T1{number}0000Z-{'incr' if number else 'full'}-00000{number}"
        place = rules.backup_folder(line=line.id, backup=name)
        database = [put(f"{place}/database-{part:06d}", dice.randbytes(900)) for part in range(parts)]
        manifest = Manifest(
            line=line.id,
            id=name,
            kind=Kind.INCREMENTAL if number else Kind.FULL,
            parent=manifests[-1].id if number else None,
            began_at=NOON + dt.timedelta(hours=number),
            ended_at=NOON + dt.timedelta(hours=number, minutes=1),
            timeline=1,
            start=SEGMENT * (number + 1) + 40,
            stop=SEGMENT * (number + 1) + 9000,
            system=line.system,
            segment_bytes=SEGMENT,
            server="180006",
            release="0",
            plain_bytes=900 * parts,
            database=database,
            listing=put(f"{place}/listing", dice.randbytes(400)),
            files=put(f"{place}/files", dice.randbytes(300)),
        )
        put(f"{place}/manifest", msgspec.json.encode(manifest))
        manifests.append(manifest)
    end = _write_log(put, line=line, dice=dice, until=SEGMENT * (backups + 1) + 20_000)
    return Copies(folder=folder, key=key, line=line, manifests=manifests, log_until=end)


def _write_log(put: object, *, line: Line, dice: random.Random, until: int) -> int:
    position = SEGMENT
    while position < until:
        end = min(position + dice.randint(3_000, 30_000), position - position % SEGMENT + SEGMENT)
        name = rules.piece_name(
            line=line.id, timeline=1, start=position, end=end, sent_at=NOON, segment_bytes=line.segment_bytes
        )
        put(name, dice.randbytes(end - position))  # type: ignore[operator]
        position = end
    return position


def add_full(copies: Copies, *, ended_at: dt.datetime) -> Manifest:
    """One more full backup of a line, and the log that makes it whole."""
    dice = random.Random(str(ended_at))
    target = copies.open()

    def put(name: str, plain: bytes) -> Part:
        sealed = copies.key.seal(name, plain)
        target.put(sealed.key, sealed.data)
        return Part(key=sealed.key, size=len(sealed.data))

    name = f"{ended_at:%Y%m%dT%H%M%SZ}-full-aaaaaa"
    place = rules.backup_folder(line=copies.line.id, backup=name)
    start = SEGMENT * 20
    last = replace(copies.manifests[-1], id=name, kind=Kind.FULL, parent=None, began_at=ended_at, ended_at=ended_at)
    manifest = replace(
        last,
        start=start + 40,
        stop=start + 900,
        database=[put(f"{place}/database-000000", dice.randbytes(900))],
        listing=put(f"{place}/listing", dice.randbytes(90)),
        files=put(f"{place}/files", dice.randbytes(90)),
    )
    put(f"{place}/manifest", msgspec.json.encode(manifest))
    piece = rules.piece_name(
        line=copies.line.id, timeline=1, start=start, end=start + 1000, sent_at=ended_at, segment_bytes=SEGMENT
    )
    put(piece, dice.randbytes(1000))
    return manifest
