"""Reads of preferences.

What decides about money, goods or somebody's data calls `number` or `text`, in its own transaction: they always ask
the database. What is only shown calls `recall_number` or `recall_text`, which may be `preference_cache_s` old.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from django.db import Error as DjangoError

from evertill.domains.preferences.models import Value
from evertill.domains.preferences.rules import DECLARED
from evertill.domains.preferences.types import Change, Name, Preference
from evertill.kernel import config, days, db, sql
from evertill.kernel.arrays import Texts

_HERE = "evertill.domains.preferences"
# Nobody can be waiting for a page meanwhile: one thread looks, the others go on with what was known.
_looking = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Known:
    until: float
    values: Mapping[Name, int | str]


_known = _Known(0.0, {})


def number(name: Name) -> int:
    """This function will return a number as it holds now, read in the caller's transaction."""
    return _as_number(read_one(name).value)


def text(name: Name) -> str:
    """This function will return a text as it holds now, read in the caller's transaction."""
    return str(read_one(name).value)


def read_one(name: Name) -> Preference:
    """This function will return what holds now, read in the caller's transaction."""
    (found,) = _read([name])
    return found


def read_all() -> list[Preference]:
    """This function will return everything that can be decided as it holds now, in the order of the table."""
    return _read(list(DECLARED))


def read_history(*, name: Name, limit: int) -> list[Change]:
    """This function will return up to `limit` values that were decided, newest first."""
    return [
        Change(
            name=name,
            version=row.version,
            value=_value(name, row.value),
            changed_at=row.changed_at,
            changed_by=row.changed_by,
            why=row.why,
        )
        for row in Value.objects.filter(name=name.value).order_by("-version")[:limit]
    ]


def default_of(name: Name) -> int | str:
    """This function will return what holds while nobody has decided: as the environment says, else as declared."""
    declared = DECLARED[name]
    value: int | str = getattr(config.get(), declared.setting) if declared.setting else declared.default
    return value


def recall_number(name: Name) -> int:
    """This function will return a number to show, which may be `preference_cache_s` old; it raises nothing."""
    return _as_number(_recall(name))


def recall_text(name: Name) -> str:
    """This function will return a text to show, which may be `preference_cache_s` old; it raises nothing."""
    return str(_recall(name))


def recall_zone() -> dt.tzinfo:
    """This function will return the time zone in which the shop counts its days; it raises nothing."""
    return days.zone_of(recall_text(Name.TIME_ZONE))


def forget() -> None:
    """This function will make this process look again when something is recalled next."""
    global _known  # noqa: PLW0603 — one value for the process, replaced whole.
    _known = _Known(0.0, {})


def _recall(name: Name) -> int | str:
    known = _known
    if known.until <= time.monotonic() and _looking.acquire(blocking=False):
        try:
            known = _look_again(known)
        finally:
            _looking.release()
    return known.values.get(name, default_of(name))


def _look_again(known: _Known) -> _Known:
    global _known  # noqa: PLW0603 — as above.
    try:
        values: Mapping[Name, int | str] = {one.name: one.value for one in read_all() if one.version}
    except (DjangoError, psycopg.Error):
        # The page that says that the database is away has the shop's name on it too.
        values = known.values
    _known = _Known(time.monotonic() + config.get().preference_cache_s, values)
    return _known


def _read(names: list[Name]) -> list[Preference]:
    rows = db.fetch(sql.load(_HERE, "read_newest"), (Texts([name.value for name in names]),))
    newest = {
        Name(name): Preference(
            name=Name(name), value=_value(Name(name), value), version=version, changed_at=at, changed_by=by
        )
        for name, value, version, at, by in rows
    }
    return [newest.get(name) or Preference(name=name, value=default_of(name), version=0) for name in names]


def _value(name: Name, kept: str) -> int | str:
    return int(kept) if DECLARED[name].kind.is_number else kept


def _as_number(value: int | str) -> int:
    if isinstance(value, int):
        return value
    raise TypeError(f"'{value}' is a text, not a number.")
