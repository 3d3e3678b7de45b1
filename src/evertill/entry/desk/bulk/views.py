"""One operation on many things."""

from __future__ import annotations

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.bulk.words import ITEM_STATES, STATES, note_of, word_of
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.pages import places
from evertill.entry.pages.frame import keep_private
from evertill.entry.pages.leading import see_other
from evertill.journeys.enter_desk import Entered
from evertill.journeys.export_table import Form
from evertill.journeys.make_bulk import ask_to_confirm, cancel_bulk, confirm_bulk
from evertill.journeys.view_bulk import BulkView, Item, ItemState, State, export_bulk, list_bulks, list_items, view_bulk
from evertill.kernel import clock

_LISTED_MAX = 100
_ITEMS = 100


@desk_view(Permission.ALERTS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list the bulks that somebody may look at."""
    found = [
        {"bulk": one, "title": gettext(operation.says), "state": STATES[one.state]}
        for one, operation in list_bulks(asker=entered.asker, limit=_LISTED_MAX)
    ]
    return desk_page(request, entered, "bulk/index.html", {"bulks": found})


@desk_view(Permission.OWN_ACCOUNT)
def show(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show what would become of each thing, or what has; a page that is read again moves on."""
    bulk_id = id_of(number)
    view = view_bulk(asker=entered.asker, bulk_id=bulk_id, now=clock.now())
    state = request.GET.get("state", "")
    state = state if state in list(ItemState) else ""
    behind = request.GET.get("older", "")
    after = int(behind) if behind.isdecimal() and len(behind) < 9 else 0  # noqa: PLR2004 — beyond it no place is.
    items = list_items(
        asker=entered.asker, bulk_id=bulk_id, state=state, behind=after, limit=_ITEMS + 1, now=clock.now()
    )
    context = {
        "view": view,
        "bulk": view.bulk,
        "title": gettext(view.operation.says),
        "state": STATES[view.bulk.state],
        "table": msgspec.json.decode(view.bulk.options).get("table"),
        "is_draft": view.bulk.state is State.DRAFT,
        "is_running": view.bulk.state is State.RUNNING,
        "left": _left(view),
        "shown": state,
        "counts": _counts(view),
        "items": [
            _told(item, kind=view.operation.kind, language=places.of(request).language) for item in items[:_ITEMS]
        ],
        "older": items[_ITEMS - 1].place if len(items) > _ITEMS else "",
        "newest": after > 0,
    }
    return desk_page(request, entered, "bulk/show.html", context)


@desk_view(Permission.OWN_ACCOUNT, methods=("POST",))
def begin(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will begin a bulk, or ask another person to approve it."""
    bulk_id = id_of(number)
    if why := asks(request):
        ask_to_confirm(asker=entered.asker, bulk_id=bulk_id, why=why, now=clock.now())
        return see_other("desk:bulk:show", number, done="asked")
    confirm_bulk(asker=entered.asker, bulk_id=bulk_id, now=clock.now())
    return see_other("desk:bulk:show", number, done="begun")


@desk_view(Permission.OWN_ACCOUNT, methods=("POST",))
def cancel(_request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will leave undone what is left of a bulk."""
    cancel_bulk(asker=entered.asker, bulk_id=id_of(number), now=clock.now())
    return see_other("desk:bulk:show", number, done="cancelled")


@desk_view(Permission.OWN_ACCOUNT)
def result(_request: HttpRequest, entered: Entered, number: str, form: str) -> HttpResponse:
    """This function will give what became of each thing, as a file."""
    if form not in ("csv", "xlsx"):
        raise Http404
    wanted: Form = "csv" if form == "csv" else "xlsx"
    exported = export_bulk(asker=entered.asker, bulk_id=id_of(number), form=wanted, now=clock.now())
    answer = HttpResponse(exported.content, content_type=exported.media)
    answer["Content-Disposition"] = f'attachment; filename="{exported.name}"'
    return keep_private(answer)


def _told(item: Item, *, kind: str, language: str) -> dict[str, object]:
    return {
        "item": item,
        "before": word_of(item.before, kind=kind),
        "after": word_of(item.after, kind=kind),
        "state": ITEM_STATES[item.state],
        "note": note_of(item, kind=kind, language=language),
    }


def _counts(view: BulkView) -> list[tuple[str, Promise | str, int]]:
    progress = view.progress
    found = {
        ItemState.WAITING: progress.waiting,
        ItemState.DONE: progress.done,
        ItemState.FAILED: progress.failed,
        ItemState.REFUSED: progress.refused,
        ItemState.CANCELLED: progress.cancelled,
    }
    # Before it begins and after, the same count has other words.
    words = {state: words for state, (words, _look) in ITEM_STATES.items()}
    if view.bulk.state is State.RUNNING:
        words[ItemState.WAITING] = _("Left to do")
    return [(state.value, words[state], count) for state, count in found.items() if count]


def _left(view: BulkView) -> str:
    if view.bulk.state is not State.RUNNING:
        return ""
    if view.left is None:
        return str(_("Nobody can say yet how long the rest takes."))
    seconds = round(view.left.total_seconds())
    if seconds < 60:  # noqa: PLR2004 — a minute.
        return ngettext("About %(n)s second left.", "About %(n)s seconds left.", seconds) % {"n": seconds}
    minutes = -(-seconds // 60)
    return ngettext("About %(n)s minute left.", "About %(n)s minutes left.", minutes) % {"n": minutes}
