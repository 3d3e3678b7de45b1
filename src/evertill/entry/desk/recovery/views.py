"""Backups and restore drills."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page, see_other
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.recovery import picture, words
from evertill.journeys.ask_backup import Wish, ask_backup
from evertill.journeys.enter_desk import Entered
from evertill.journeys.view_recovery import Kind, Verdict, view_drill, view_recovery
from evertill.kernel import clock

_SHOWN = 12


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


@desk_view(Permission.BACKUPS_READ)
def show_drill(request: HttpRequest, entered: Entered, drill: int) -> HttpResponse:
    """This function will show a drill's certificate: each thing that was looked at."""
    found = view_drill(asker=entered.asker, drill=drill)
    return desk_page(request, entered, "recovery/drill.html", {"drill": words.drill(found), "one": found})
