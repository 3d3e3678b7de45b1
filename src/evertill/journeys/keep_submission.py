"""Keep a submission: what a checkout wanted that failed through our fault, so that somebody can finish it by hand.

It goes to the database, or to a file on this machine while that is away, from which it is loaded as soon as it is back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import structlog

from evertill.domains import incidents, submissions
from evertill.domains.submissions import Failed, Wanted
from evertill.kernel import config, db, ids
from evertill.kernel.said import Said

__all__ = ["Failed", "Wanted", "is_spooled", "keep_submission", "load_submissions", "remove_old_submissions"]

_log = structlog.get_logger("evertill.submissions")

ALERT, SUBJECT = incidents.Kind.SUBMISSION_OPEN, "checkouts"
# Where these say why it failed, the database is not asked: whoever waits has waited for it already.
_AWAY = ("DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN")


def keep_submission(*, failed: Failed, now: dt.datetime) -> bool:
    """This function will keep a failed checkout and say whether it is kept; it is on disk then, and raises nothing.

    Keeping the same key again keeps how it failed last.
    """
    if failed.code not in _AWAY and _store_safely(failed, now=now):
        return True
    folder = config.get().data
    try:
        if not folder.is_absolute():
            raise FileNotFoundError("This process has no data folder.")
        submissions.spool.append(folder=folder, failed=failed, bytes_max=config.get().spool_bytes_max)
    except (OSError, submissions.spool.SpoolFull) as error:
        _log.error("submission lost", reference=ids.to_number(failed.id), why=type(error).__name__)
        return False
    return True


def _store_safely(failed: Failed, *, now: dt.datetime) -> bool:
    try:
        _store([failed], now=now)
    except Exception as error:  # noqa: BLE001 — whatever it is, there is another place to keep it in.
        _log.warning("submission not stored yet", reference=ids.to_number(failed.id), why=type(error).__name__)
        return False
    return True


def _store(failed: Sequence[Failed], *, now: dt.datetime) -> None:
    with db.write():
        # In one order, so that two who store the same ones cannot wait for each other in a circle.
        for one in sorted(failed, key=lambda one: one.key_digest):
            submissions.keep(failed=one)
        latest = max(failed, key=lambda one: one.failed_at)
        number = ids.to_number(latest.id)
        values = {"number": number, "code": latest.code}
        detail = Said(text=f"The last one is {number}: {latest.code}.", code="SUBMISSION_LATEST", values=values)
        incidents.raise_alert(kind=ALERT, subject=SUBJECT, detail=detail, now=now)


def is_spooled() -> bool:
    """This function will say whether this machine keeps anything that is not in the database yet."""
    return config.get().data.is_absolute() and submissions.spool.is_used(folder=config.get().data)


def load_submissions(*, now: dt.datetime) -> int:
    """This function will bring what this machine kept into the database, and return how many it brought.

    What the database does not take stays, and keeps nobody else out. Raises what db.write raises while it is away.
    """
    if not is_spooled():
        return 0
    with submissions.spool.loading(folder=config.get().data) as batch:
        wanted = [failed for failed in batch.found if failed.remove_at > now]
        batch.left = [failed for failed in wanted if not _load(failed, now=now)]
        if batch.unreadable or batch.left:
            _log.error("submissions not loaded", unreadable=batch.unreadable, refused=len(batch.left))
    return len(wanted) - len(batch.left)


def _load(failed: Failed, *, now: dt.datetime) -> bool:
    try:
        _store([failed], now=now)
    except (db.DatabaseUnavailable, db.OutcomeUnknown):
        raise
    except Exception:  # noqa: BLE001 — logged whole; it harms only itself.
        _log.exception("submission not loaded", reference=ids.to_number(failed.id))
        return False
    return True


def remove_old_submissions(*, now: dt.datetime) -> int:
    """This function will remove one batch of submissions whose time is over, and return how many."""
    with db.write():
        return submissions.remove_old(now=now, limit=config.get().submission_batch_max)
