"""Backups and restore drills."""

from __future__ import annotations

import datetime as dt

import msgspec
from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.recovery import picture, words
from evertill.entry.desk.who import known_as
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other
from evertill.journeys.ask_backup import Wish, ask_backup
from evertill.journeys.consent_restore import (
    CannotConsent,
    Consent,
    RestoreOver,
    ask_to_restore,
    consent_to_restore,
)
from evertill.journeys.enter_desk import Entered
from evertill.journeys.view_recovery import Kind, Verdict, view_drill, view_recovery
from evertill.kernel import clock

_SHOWN = 12
_TYPED_CHARS = 500
_MOMENT_CHARS = 40


@desk_view(Permission.BACKUPS_READ)
def show(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show what of the shop lies elsewhere, and how the drills of the last time ended."""
    now = clock.now()
    overview = view_recovery(asker=entered.asker, now=now)
    drills = list(reversed(overview.drills))
    context = {
        "overview": overview,
        "exposure": words.exposure(overview),
        "next_full_at": overview.next_at.get(Kind.FULL),
        "next_incremental_at": overview.next_at.get(Kind.INCREMENTAL),
        "last_drill": overview.drills[0] if overview.drills else None,
        "backups": [words.backup(one) for one in overview.backups[:_SHOWN]],
        "drills": [words.drill(one) for one in overview.drills[:_SHOWN]],
        "asked": [words.wish(one.wish) for one in overview.asked],
        "rto": picture.draw([(one.ended_at, one.rto_ms, one.verdict is Verdict.FAILED) for one in drills]),
        "rpo": picture.draw([(one.ended_at, one.rpo_ms, one.verdict is Verdict.FAILED) for one in drills], bound_s=1.0),
    }
    return desk_page(request, entered, "recovery/index.html", context)


@desk_view(Permission.BACKUPS_TAKE, methods=("POST",))
def ask(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will have a backup taken or a drill held, as soon as the process that does it looks."""
    asked = request.POST.get("what", "")
    wish = Wish(asked) if asked in Wish.__members__ else Wish.INCREMENTAL
    ask_backup(asker=entered.asker, wish=wish, now=clock.now())
    return see_other("desk:recovery:index", done=wish.value)


@desk_view(Permission.BACKUPS_RESTORE, methods=("GET", "POST"))
def restore(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will have somebody consent to a restore over the living shop, or ask another person to approve."""
    now = clock.now()
    if request.method != "POST":
        return _restoring(request, entered)
    moment, line, why = (text_of(request, name).strip() for name in ("at", "line", "why"))
    try:
        asked = RestoreOver(at=_moment(moment), line=line, why=why)
        if reason := asks(request):
            ask_to_restore(asker=entered.asker, asked=msgspec.structs.replace(asked, why=reason), now=now)
            return see_other("desk:recovery:restore", done="asked", at=moment, line=line, why=why)
        given = consent_to_restore(asker=entered.asker, asked=asked, now=now)
    except CannotConsent as error:
        return _restoring(request, entered, error=error)
    return _restoring(request, entered, given=given)


def _restoring(
    request: HttpRequest, entered: Entered, *, error: CannotConsent | None = None, given: Consent | None = None
) -> HttpResponse:
    overview = view_recovery(asker=entered.asker, now=clock.now())
    who = known_as({name for one in overview.consents for name in (one.asked_by, one.approved_by)})
    said = request.POST or request.GET
    context = {
        "overview": overview,
        "typed": {name: said.get(name, "")[:_TYPED_CHARS] for name in ("at", "line", "why")},
        "given": given and words.consent(given, who=who, now=clock.now()),
        "consents": [words.consent(one, who=who, now=clock.now()) for one in overview.consents],
    }
    return desk_page(request, entered, "recovery/restore.html", context, error=error)


def _moment(text: str) -> dt.datetime | None:
    """Read what a field for a moment holds, UTC unless it says otherwise; nothing in it is the latest."""
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text[:_MOMENT_CHARS])
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise CannotConsent("This is no moment.") from None


@desk_view(Permission.BACKUPS_READ)
def show_drill(request: HttpRequest, entered: Entered, drill: int) -> HttpResponse:
    """This function will show a drill's certificate: each thing that was looked at."""
    found = view_drill(asker=entered.asker, drill=drill)
    return desk_page(request, entered, "recovery/drill.html", {"drill": words.drill(found), "one": found})
