"""Writes of preferences. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from evertill.domains.preferences.models import Value
from evertill.domains.preferences.queries import forget, read_one
from evertill.domains.preferences.types import Name, Preference
from evertill.kernel import db, ids

# Any number that nothing else of the shop locks.
_LOCK = 0x7072_6566
_BY_CHARS, _WHY_CHARS = 90, 500


def lock() -> None:
    """This function will let one change of a preference happen at a time, until the caller's transaction ends."""
    db.fetch("select pg_advisory_xact_lock(%s::bigint)", (_LOCK,))


def set_value(*, name: Name, value: int | str, by: str, why: str, now: dt.datetime) -> Preference:
    """This function will decide a value, that `read_value` gave, and return what holds then. The caller has locked."""
    (value_id,) = ids.new_ids(1, now=now)
    Value.objects.create(
        id=value_id,
        name=name.value,
        version=read_one(name).version + 1,
        value=str(value),
        changed_at=now,
        changed_by=by[:_BY_CHARS],
        why=why[:_WHY_CHARS],
    )
    # Whoever changed it sees it at once; other processes within `preference_cache_s`.
    transaction.on_commit(forget)
    return read_one(name)
