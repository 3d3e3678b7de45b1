"""Searches of backups for orders that the shop has lost: one runs at a time, and each is done though its process dies.

The caller of a write holds a transaction. What is looked for and what was found are texts: whoever looks knows what
they mean.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import F

from evertill.domains.recovery import models
from evertill.domains.recovery.operations import SearchWaits
from evertill.domains.recovery.types import BackupSearch, SearchState
from evertill.kernel import db, ids, sql

_HERE = "evertill.domains.recovery"
_STEP_CHARS, _ERROR_CHARS, _ACTOR_CHARS, _CODE_CHARS = 100, 500, 64, 64
# One that was cut off so often would be cut off again.
TRIES_MAX = 3
CUT_OFF = "SEARCH_CUT_OFF"


def ask(*, new: BackupSearch, most: int) -> None:
    """This function will have the backups searched; raises SearchWaits."""
    waiting = models.Search.objects.filter(state__in=_OPEN).count()
    params = {
        "id": new.id,
        "claim_id": new.claim_id,
        "clues": new.clues,
        "wanted_at": new.wanted_at,
        "asked_by": new.asked_by[:_ACTOR_CHARS],
        "asked_at": new.asked_at,
    }
    if waiting >= most or not db.execute(sql.load(_HERE, "ask_search"), params):
        raise SearchWaits("The backups are being searched for this already, or too much else waits.")


def take(*, now: dt.datetime, search_id: int | None = None) -> BackupSearch | None:
    """This function will take what is to be searched for next: first what a process that died left, then what waits.

    The caller keeps everybody else from taking anything. What was cut off too often has failed.
    """
    open_ones = models.Search.objects.filter(state__in=_OPEN)
    open_ones.filter(tries__gte=TRIES_MAX).update(
        state=SearchState.FAILED.value, ended_at=now, code=CUT_OFF, error="It was cut off too often."
    )
    # Nobody else is at work, so whoever was has died.
    open_ones.filter(state=SearchState.RUNNING.value).update(state=SearchState.WAITING.value)
    chosen = open_ones if search_id is None else open_ones.filter(pk=search_id)
    row = chosen.order_by("-tries", "asked_at", "id").select_for_update().first()
    if row is None:
        return None
    row.state, row.tries, row.began_at = SearchState.RUNNING.value, row.tries + 1, now
    row.step, row.done, row.whole = "", 0, 0
    row.save(update_fields=["state", "tries", "began_at", "step", "done", "whole"])
    return _search(row)


def note_progress(*, search_id: int, step: str, done: int, whole: int) -> None:
    """This function will keep how far a search is: which step, and how much of it; 0 where nobody knows."""
    models.Search.objects.filter(pk=search_id).update(step=step[:_STEP_CHARS], done=done, whole=whole)


def end(*, search: BackupSearch, now: dt.datetime) -> None:
    """This function will keep what came of a search."""
    models.Search.objects.filter(pk=search.id, state=SearchState.RUNNING.value).update(
        state=search.state.value,
        ended_at=now,
        backup=search.backup,
        reached_at=search.reached_at,
        found=search.found,
        code=search.code[:_CODE_CHARS],
        error=search.error[:_ERROR_CHARS],
    )


def put_back(*, search_id: int) -> None:
    """This function will have a search wait again that could not be begun; it does not count as a try."""
    models.Search.objects.filter(pk=search_id, state=SearchState.RUNNING.value).update(
        state=SearchState.WAITING.value, step="", tries=F("tries") - 1
    )


def forget(*, ended_before: dt.datetime) -> int:
    """This function will forget what searches found that ended before a moment, and return how many found anything."""
    return models.Search.objects.filter(ended_at__lt=ended_before).exclude(found="").update(found="")


def is_waiting() -> bool:
    """This function will say whether there is anything to be searched for."""
    return models.Search.objects.filter(state__in=_OPEN).exists()


def read(*, search_id: int) -> BackupSearch | None:
    """This function will return one search."""
    row = models.Search.objects.filter(pk=search_id).first()
    return _search(row) if row else None


def list_of_claim(*, claim_id: int, limit: int) -> list[BackupSearch]:
    """This function will return up to `limit` searches because of a claim, the latest first."""
    return [
        _search(row) for row in models.Search.objects.filter(claim_id=claim_id).order_by("-asked_at", "-id")[:limit]
    ]


_OPEN = (SearchState.RUNNING.value, SearchState.WAITING.value)


def _search(row: models.Search) -> BackupSearch:
    return BackupSearch(
        id=row.id,
        number=ids.to_number(row.id),
        claim_id=row.claim_id,
        clues=row.clues,
        wanted_at=row.wanted_at,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        state=SearchState(row.state),
        tries=row.tries,
        step=row.step,
        done=row.done,
        whole=row.whole,
        backup=row.backup,
        reached_at=row.reached_at,
        ended_at=row.ended_at,
        found=row.found,
        code=row.code,
        error=row.error,
    )
