"""What the room of backups says of each thing, in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from evertill.domains.recovery import Backup, Consent, Drill, Occasion, Wish
from evertill.entry.desk.telling import tell, tell_line
from evertill.journeys.view_recovery import Kind, Overview, State, Verdict
from evertill.kernel import ids
from evertill.kernel.said import Said

_KINDS: Mapping[Kind, Promise | str] = {Kind.FULL: _("Everything"), Kind.INCREMENTAL: _("What had changed")}
# What a state is called, and how it looks.
_STATES: Mapping[State, tuple[Promise | str, str]] = {
    State.RUNNING: (_("Under way"), "wait"),
    State.COMPLETE: (_("At the target"), "good"),
    State.FAILED: (_("Failed"), "bad"),
    State.REMOVED: (_("Removed, its time was over"), ""),
}
_OCCASIONS: Mapping[Occasion, Promise | str] = {
    Occasion.BACKUP: _("After a backup"),
    Occasion.RANDOM: _("At a random moment"),
    Occasion.ASKED: _("Somebody asked"),
}
_WISHES: Mapping[Wish, Promise | str] = {
    Wish.FULL: _("a full backup"),
    Wish.INCREMENTAL: _("a backup of what has changed"),
    Wish.DRILL: _("a restore drill"),
}


def consent(one: Consent, *, who: Mapping[str, str], now: dt.datetime) -> dict[str, Any]:
    """This function will say how a consent to restore over the living shop stands."""
    if one.spent_at:
        state, look = _("Used"), ""
    elif one.expires_at <= now:
        state, look = _("Its time is over"), ""
    else:
        state, look = _("Can be used"), "wait"
    return {
        "one": one,
        "number": ids.to_number(one.id),
        "state": state,
        "look": look,
        "asked_by": who[one.asked_by],
        "approved_by": who[one.approved_by],
    }


def exposure(overview: Overview) -> dict[str, str]:
    """This function will say what would be lost if this machine burned now: in short, in full, and how it looks."""
    lost = overview.exposure
    if lost.behind_bytes is None:
        return {
            "short": str(_("Everything")),
            "says": str(_("No backup is complete yet, so nothing could be brought back.")),
            "look": "bad",
        }
    if lost.since is not None:
        count = ngettext("%(count)s order", "%(count)s orders", lost.orders) % {"count": lost.orders}
        return {
            "short": count,
            "says": str(_("The database's log has not reached the target since then.")),
            "look": "bad" if lost.orders else "wait",
        }
    if overview.is_sync:
        return {
            "short": str(_("No order")),
            "says": str(_("An order is answered only when its log is at the target.")),
            "look": "good",
        }
    size = filesizeformat(lost.behind_bytes)
    return {
        "short": str(_("The last moment")),
        "says": str(_("%(size)s of the log are on their way, as always a fraction of a second.")) % {"size": size},
        "look": "good",
    }


def backup(one: Backup) -> dict[str, Any]:
    """This function will return a backup as the table shows it."""
    state, look = _STATES[one.state]
    failed = tell(Said(text=one.error, code=one.code)) if one.error else ""
    return {
        "one": one,
        "kind": _KINDS[one.kind],
        "state": state,
        "look": look,
        "failed": failed,
        "seconds": _seconds(one),
    }


def drill(one: Drill) -> dict[str, Any]:
    """This function will return a drill as the table shows it."""
    passed = one.verdict is Verdict.PASSED
    return {
        "one": one,
        "occasion": _OCCASIONS[one.occasion],
        "verdict": _("Passed") if passed else _("Failed"),
        "look": "good" if passed else "bad",
        "certificate": [tell_line(line) for line in one.told or one.certificate],
        "rpo_s": None if one.rpo_ms is None else one.rpo_ms / 1000,
        "rto_s": None if one.rto_ms is None else one.rto_ms / 1000,
    }


def wish(one: Wish) -> str:
    """This function will say what somebody wants."""
    return str(_WISHES[one])


def _seconds(one: Backup) -> float | None:
    return (one.ended_at - one.began_at).total_seconds() if one.ended_at else None
