"""What can be said of how long a bulk goes on."""

from __future__ import annotations

import datetime as dt

from evertill.domains.bulk.types import Progress

# Below this many, how long one took says little about the others.
_ENOUGH = 5
# Nothing for so long, and nobody can say when it goes on.
_STALLED = dt.timedelta(seconds=30)


def measure(progress: Progress, *, began_at: dt.datetime, now: dt.datetime) -> dt.timedelta | None:
    """This function will return how long what is left takes at the pace until now; None when nobody can say."""
    if not progress.waiting:
        return dt.timedelta()
    if progress.tried < _ENOUGH or progress.last_at is None or now - progress.last_at > _STALLED:
        return None
    return (progress.last_at - began_at) / progress.tried * progress.waiting
