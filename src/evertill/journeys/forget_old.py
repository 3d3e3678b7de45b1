"""Forget what is over: codes, counters, sign-ins, sessions, browsers that nobody needs any more."""

from __future__ import annotations

import datetime as dt

from evertill.domains import identity
from evertill.kernel import config, db


def forget_old(*, now: dt.datetime) -> int:
    """This function will remove one batch of what is over from each table, and return the most of any table."""
    with db.write():
        return identity.forgetting.remove_old(now=now, limit=config.get().forget_batch_max)
