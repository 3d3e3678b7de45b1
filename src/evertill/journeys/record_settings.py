"""Record settings: at every start, whether the shop runs by others than before, because that is a change as well.

They come from the environment of whoever starts the shop, so nobody asks for leave; what changed is on record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import msgspec

from evertill.domains import trail
from evertill.domains.trail import Actor, ActorKind, Search, Subject
from evertill.kernel import config, db

OPERATION = "settings.start"
_SUBJECT = Subject(kind="settings", id="environment")
_START = Actor(kind=ActorKind.CLOCK, id="start")
_VALUE_CHARS = 200


def record_settings(*, now: dt.datetime) -> Mapping[str, str]:
    """This function will record settings that are not as they were at the last start, and return them as they are.

    Those that keep their default, and those that are secret, are left out: the mark of its key tells of each record
    under which secret it was made.
    """
    after = {
        told.variable: (told.value or "")[:_VALUE_CHARS]
        for told in config.tell()
        if told.value is not None and not told.is_default
    }
    with db.write():
        before = _recorded()
        if after == before:
            return {}
        moved = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        trail.write(
            actor=_START,
            operation=OPERATION,
            subject=_SUBJECT,
            before={name: before[name] for name in sorted(moved & set(before))},
            after={"settings": after},
            now=now,
        )
    return {name: after[name] for name in sorted(moved & set(after))}


def _recorded() -> dict[str, str]:
    search = Search(operation=OPERATION, subject_kind=_SUBJECT.kind, subject_id=_SUBJECT.id)
    last = trail.read_records(search=search, limit=1)
    if not last:
        return {}
    found: dict[str, str] = msgspec.json.decode(last[0].after)["settings"]
    return found
