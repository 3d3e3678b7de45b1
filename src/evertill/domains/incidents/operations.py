"""Writes of incidents. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import transaction

from evertill.kernel import db, sql
from evertill.kernel.errors import EvertillError
from evertill.kernel.said import Said, pack

_log = structlog.get_logger("evertill.incidents")
_HERE = "evertill.domains.incidents"
_DETAIL_CHARS, _WHY_CHARS = 500, 200


class AlertNotOpen(EvertillError):
    """No open alert has this number."""

    code = "ALERT_NOT_OPEN"
    status = "not_found"
    remedy = "Look at the list of alerts; this one may have been closed by somebody else."


def raise_alert(*, kind: str, subject: str, detail: Said | str, now: dt.datetime) -> bool:
    """This function will raise an alert, and say whether it is new.

    While the same alert, by kind and subject, is open, it is counted once more and told the newest detail. Whoever
    raises it at the same time waits for the caller's transaction. A detail with a code is told in any language.
    """
    ((is_new,),) = db.fetch(
        sql.load(_HERE, "raise_alert"), (kind, subject, str(detail)[:_DETAIL_CHARS], pack(detail), now, now)
    )
    if is_new:
        # Without the detail, which may name a customer; and only if it is kept.
        transaction.on_commit(lambda: _log.warning("alert raised", kind=kind, subject=subject))
    return bool(is_new)


def close_alerts(*, kind: str, subject: str, actor: str, why: str, now: dt.datetime) -> int:
    """This function will close the open alert of a kind about a subject, and return how many there were: 0 or 1."""
    return db.execute(sql.load(_HERE, "close_alerts"), (now, actor, why[:_WHY_CHARS], kind, subject))


def close_alert(*, alert_id: int, actor: str, why: str, now: dt.datetime) -> None:
    """This function will close one alert; raises AlertNotOpen."""
    if not db.execute(sql.load(_HERE, "close_alert"), (now, actor, why[:_WHY_CHARS], alert_id)):
        raise AlertNotOpen(f"There is no open alert {alert_id}.")
