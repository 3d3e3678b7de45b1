"""Rotate the keys that encrypt what is stored: a new key, everything encrypted anew, the old keys removed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from evertill.domains import fulfilment, identity, trail
from evertill.domains.access import Permission
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import config, db

# Batches of one run; what is left then is the next run's.
_BATCHES_MAX = 100_000


def begin(*, asker: Asker, now: dt.datetime) -> bool:
    """This function will begin a rotation, and say whether it is a new one: one that was cut short is gone on with.

    Raises Forbidden.
    """
    subject = Subject(kind="keys")
    with permitted(asker=asker, permission=Permission.KEYS_ROTATE, subject=subject, now=now):
        is_new = identity.keys.begin_rotation(now=now)
        trail.write(actor=asker.actor, operation="keys.rotate", subject=subject, after={"is_new": is_new}, now=now)
    return is_new


def encrypt_anew(*, now: dt.datetime) -> Iterator[int]:
    """This function will encrypt everything by the newest key, a batch a transaction, and give how many each had.

    It can be cut off at any moment; whoever runs it again goes on. Meanwhile everything can be read and written.
    """
    for _ in range(_BATCHES_MAX):
        with db.write():
            done = identity.totp.encrypt_anew(now=now, limit=config.get().key_batch_max) or _codes_anew(now=now)
        if not done:
            return
        yield done


def end() -> int:
    """This function will remove the keys that encrypt nothing any more, and return how many.

    None, when somebody stored something by an old key a moment ago: the next run finds it.
    """
    with db.write():
        return identity.keys.end_rotation(others=fulfilment.used_keys)


def _codes_anew(*, now: dt.datetime) -> int:
    newest, key = identity.keys.current(now=now)
    return fulfilment.encrypt_anew(
        newest=newest, key=key, old=lambda key_id: identity.keys.by_id(key_id=key_id), limit=config.get().key_batch_max
    )
