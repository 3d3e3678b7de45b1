"""Anchor the journal: note outside the database which seal was its newest, and find out when it is another one.

Whoever has the database and the shop's key can write the whole chain anew, from its first seal on, so that everything
in it fits. What fits no longer is what was noted elsewhere: in a file of the data folder and in the log whenever
something was sealed, and at the target of backups. Each seal holds the hash of the one before, so one that is still the
same vouches for all before it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import structlog

from evertill.domains import incidents, receipts, recovery
from evertill.domains.receipts import Head
from evertill.domains.recovery import Damaged, Key, Line, Target, TargetRefuses, TargetUnavailable, WrongKey
from evertill.kernel import config, db
from evertill.kernel.files import write_whole
from evertill.kernel.said import Said

__all__ = [
    "Noted",
    "bring_heads",
    "find_moved",
    "gather_noted",
    "note_head",
    "noted_at_target",
    "noted_in",
    "noted_of_restored",
    "send_head",
]

_log = structlog.get_logger("evertill.receipts")

SUBJECT = "journal"
_FILE, _BROUGHT = "journal-anchor.json", "journal-anchors.json"
# Newer ones vouch for older ones, so that not all of them have to stay: those of the last so many seals do, a week of a
# busy shop's. How many there are says nothing, for anybody who may write there can put others beside them.
_KEPT = 60_000
# What sealing logs, as JSON or as a line for people.
_LOGGED = re.compile(r"receipts sealed.*")
_NUMBER, _HASH = re.compile(r"\bnumber\W{1,4}(\d{1,18})\b"), re.compile(r"\bhash\W{1,4}([0-9a-f]{64})\b")


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A seal that was the newest once, and where that was noted."""

    head: Head
    where: str


class _Written(msgspec.Struct, frozen=True):
    number: int
    hash: str


def note_head(*, now: dt.datetime) -> bool:
    """This function will note in the data folder which seal is the newest, and say whether that was news.

    The log has it already. When what was noted before is no longer true, that is an alert, and the note stays.
    """
    last, before = receipts.read_last_seal(), _read(_FILE)
    if last is None or receipts.head_of(last) in before:
        return False
    moved = list(find_moved(noted=[Noted(head=head, where="in the data folder") for head in before]))
    if moved:
        _log.error("journal moved", seals=[subject for subject, _ in moved])
        with db.write():
            seal = Said(text=": ".join(moved[0]), code="SEAL_MOVED", values={"seal": moved[0][0].removeprefix("seal ")})
            incidents.raise_alert(kind=incidents.Kind.JOURNAL_BROKEN, subject=SUBJECT, detail=seal, now=now)
        return False
    _write(_FILE, [receipts.head_of(last)], folder=config.get().data)
    return True


def send_head() -> bool:
    """This function will note at the target of backups which seal is the newest, and say whether that was news there.

    Raises TargetUnavailable and TargetRefuses.
    """
    place = recovery.place.Place(config.get().data)
    line, last, target = place.read_line(), receipts.read_last_seal(), recovery.target()
    if target is None:
        return False
    with closing(target):
        if line is None or last is None:
            return False
        head = receipts.head_of(last)
        known = list(target.list(recovery.rules.heads_folder(line=line.id)))
        name = recovery.rules.head_name(line=line.id, number=head.number, hashed=head.hash.hex())
        if any(one.key.startswith(f"{name}-") for one in known):
            return False
        sealed = place.ensure_key().seal(name, msgspec.json.encode(_Written(head.number, head.hash.hex())))
        target.put(sealed.key, sealed.data)
        if not config.get().backup_append_only:
            for old in known:
                named = recovery.rules.read_head(old.key)
                if named is not None and named[0] <= head.number - _KEPT:
                    target.delete(old.key)
    return True


def gather_noted(*, lines: Iterable[str] = ()) -> tuple[list[Noted], str]:
    """This function will return everything that was noted, and why the target could not be asked ("" if it could).

    `lines` are those of a log of the shop.
    """
    place = recovery.place.Place(config.get().data)
    noted, line, target = [*_own(), *noted_in(lines=lines)], place.read_line(), recovery.target()
    if target is None or line is None:
        return noted, ""
    try:
        with closing(target):
            return [*noted, *noted_at_target(target=target, key=place.ensure_key(), line=line)], ""
    except (TargetUnavailable, TargetRefuses) as error:
        return noted, error.detail


def noted_of_restored() -> list[Noted]:
    """This function will return what was noted of the seals that a restored shop has; of later ones it has none."""
    last = receipts.read_last_seal()
    brought = [Noted(head=head, where="at the target") for head in _read(_BROUGHT)]
    return [one for one in (*_own(), *brought) if last is not None and one.head.number <= last.number]


def _own() -> list[Noted]:
    """This function will return what the data folder says: this node's own note, and what a restore brought."""
    return [Noted(head=head, where="in the data folder") for head in _read(_FILE)]


def noted_at_target(*, target: Target, key: Key, line: Line) -> list[Noted]:
    """This function will return what was noted at the target for a line; what only looks like it is passed over.

    Raises TargetUnavailable and TargetRefuses.
    """
    found = []
    for stored in target.list(recovery.rules.heads_folder(line=line.id)):
        named = recovery.rules.read_head(stored.key)
        if named is not None:
            found.append((stored.key, Head(named[0], bytes.fromhex(named[1]))))
    standing = receipts.read_heads(numbers=[head.number for _, head in found])
    # The name alone is enough for one that fits. One that does not could have been put there by anybody.
    return [
        Noted(head=head, where=f"at the target, as {name}")
        for name, head in found
        if standing.get(head.number) == head.hash or _is_ours(target, key, name, head)
    ]


def bring_heads(*, noted: Iterable[Noted], folder: Path) -> None:
    """This function will put what was noted elsewhere beside a restored shop, so that its own audit compares it."""
    _write(_BROUGHT, [one.head for one in noted], folder=folder)


def noted_in(*, lines: Iterable[str]) -> Iterator[Noted]:
    """This function will give what lines of the shop's log say of seals; other lines say nothing."""
    for line in lines:
        told = _LOGGED.search(line)
        number, hashed = _NUMBER.search(line), _HASH.search(line)
        if told and number and hashed:
            yield Noted(head=Head(int(number[1]), bytes.fromhex(hashed[1])), where="in the log")


def find_moved(*, noted: Iterable[Noted]) -> Iterator[tuple[str, str]]:
    """This function will name each seal that is not the one which was noted, in the caller's snapshot."""
    wanted: dict[tuple[int, bytes], list[str]] = {}
    for one in noted:
        wanted.setdefault((one.head.number, one.head.hash), []).append(one.where)
    standing = receipts.read_heads(numbers=[number for number, _ in wanted])
    for (number, hashed), places in sorted(wanted.items()):
        where = "; ".join(places)
        if number not in standing:
            yield f"seal {number}", f"it was noted ({where}), and is gone with all behind it"
        elif standing[number] != hashed:
            yield f"seal {number}", f"it is not the one that was noted ({where}): the chain was written anew"


def _read(name: str) -> list[Head]:
    try:
        written = msgspec.json.decode((config.get().data / name).read_bytes(), type=list[_Written])
        return [_head(one) for one in written]
    except (OSError, msgspec.MsgspecError, ValueError):
        # Who removes it, or makes it unreadable, leaves what was noted elsewhere.
        return []


def _write(name: str, heads: Sequence[Head], *, folder: Path) -> None:
    written = [_Written(head.number, head.hash.hex()) for head in heads]
    write_whole(path=folder / name, text=msgspec.json.encode(written).decode() + "\n")


def _head(written: _Written) -> Head:
    return Head(written.number, bytes.fromhex(written.hash))


def _is_ours(target: Target, key: Key, name: str, head: Head) -> bool:
    try:
        written = msgspec.json.decode(key.open(name, target.get(name)), type=_Written)
    except (Damaged, WrongKey, recovery.targets.ObjectMissing, msgspec.MsgspecError) as error:
        _log.warning("what was noted at the target cannot be read", object=name, why=str(error))
        return False
    return _head(written) == head
