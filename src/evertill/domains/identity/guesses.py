"""Guessing, slowed per name and per caller. A guess is counted before it is checked: a thousand at once gain nothing.

The name is what was typed. Whether an account has it is not looked at here, so both are answered alike.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from evertill.domains.identity import allowances
from evertill.domains.identity.rules import FAILURES_MAX, delay_after, spelled
from evertill.domains.identity.types import Admission, Allowed
from evertill.kernel import config, crypto, db, sql

_HERE = "evertill.domains.identity"
_HOUR_S = 3600


def admit(*, name: str, caller: str, now: dt.datetime) -> Admission:
    """This function will count a guess as failed and say whether it may be made; the caller commits before checking it.

    Not admitted: too early after failures, too many by this caller in this hour, or 100 failures in a row, after which
    only what cannot be guessed (a passkey, a recovery code) is left.
    """
    key = _key(name)
    # Looked at first without waiting, so that a flood of guesses is refused cheaply.
    for failures, next_at in db.fetch(sql.load(_HERE, "read_guesses"), (key,)):
        if refused := _refused(failures, next_at, now=now):
            return refused
    # The row is made and held, so that those who come at once are counted one after the other.
    ((failures, next_at),) = db.fetch(sql.load(_HERE, "lock_guesses"), (key, now, now))
    if refused := _refused(failures, next_at, now=now):
        return refused
    if not allowances.take(allowed=_by_caller(), key=caller, now=now):
        return Admission(is_admitted=False, next_at=now + dt.timedelta(seconds=_HOUR_S))
    delay = delay_after(failures + 1)
    db.execute(sql.load(_HERE, "count_guess"), (now + (delay or dt.timedelta(0)), now, key))
    return Admission(is_admitted=True, next_at=None)


def succeeded(*, name: str, caller: str, now: dt.datetime) -> None:
    """This function will clear a name's failures, because a guess was right or somebody came in by a stronger way.

    The caller gets back the one guess only: an account of his own must not pay for guessing at others.
    """
    db.execute(sql.load(_HERE, "clear_guesses"), (now, now, _key(name)))
    allowances.give_back(allowed=_by_caller(), key=caller, now=now)


def admit_quietly(*, name: str, most: int = FAILURES_MAX, now: dt.datetime) -> bool:
    """This function will count a guess as failed and say whether it may be made, without slowing anybody.

    For what has several names, as an account has addresses: its guesses are at most a hundred in all, and whoever
    makes them cannot see that the names belong together.
    """
    return bool(db.fetch(sql.load(_HERE, "count_quietly"), (_key(name), now, now, most)))


def count_failures(*, name: str) -> int:
    """This function will return how many guesses in a row failed under a name."""
    rows = db.fetch(sql.load(_HERE, "read_guesses"), (_key(name),))
    return int(rows[0][0]) if rows else 0


def clear(*, names: Collection[str], now: dt.datetime) -> None:
    """This function will clear the failures under all names of somebody who came in, by whatever way."""
    db.execute(sql.load(_HERE, "clear_all_guesses"), (now, now, sorted(_key(name) for name in names)))


def _refused(failures: int, next_at: dt.datetime, *, now: dt.datetime) -> Admission | None:
    if failures >= FAILURES_MAX:
        return Admission(is_admitted=False, next_at=None)
    return Admission(is_admitted=False, next_at=next_at) if now < next_at else None


def _by_caller() -> Allowed:
    return Allowed(kind="guess-caller-hour", most=config.get().guess_caller_hour_max, window_s=_HOUR_S)


def _key(name: str) -> uuid.UUID:
    return uuid.UUID(bytes=crypto.mac(spelled(name).encode(), purpose="identity-guesses")[:16])
