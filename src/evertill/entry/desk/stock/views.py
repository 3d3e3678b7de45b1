"""Stock: the list, and one SKU with what was said of its pieces."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from evertill.domains import stock
from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.who import known_as
from evertill.entry.pages.leading import see_other
from evertill.journeys import change_stock as counting
from evertill.journeys.change_stock import ChangeKind, Said
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError

_ROWS = 50
_DIGITS_MAX = 12


def kinds() -> list[tuple[str, str]]:
    """This function will return what can be said of pieces, in words."""
    return [
        ("CAME_IN", _("Came in")),
        ("COUNTED", _("Counted, all there are")),
        ("LOST", _("Lost")),
        ("BROKEN", _("Broken")),
    ]


@desk_view(Permission.STOCK_EDIT)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list what lies on the shelf."""
    search, after = request.GET.get("q", "")[:64], request.GET.get("after", "")[:64]
    shelves = counting.list_stock(
        asker=entered.asker,
        search=search,
        after=after,
        only_low=bool(request.GET.get("low")),
        limit=_ROWS + 1,
        now=clock.now(),
    )
    context = {
        "shelves": shelves[:_ROWS],
        "q": search,
        "low": bool(request.GET.get("low")),
        "next": shelves[_ROWS - 1].item.sku if len(shelves) > _ROWS else "",
        "is_later": bool(after),
    }
    return desk_page(request, entered, "stock/index.html", context)


@desk_view(Permission.STOCK_EDIT, methods=("GET", "POST"))
def shelf(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show one SKU, and take what somebody says of its pieces."""
    sku = request.POST.get("sku") or request.GET.get("sku", "")
    if request.method != "POST":
        return _page(request, entered, sku)
    kind = request.POST.get("kind", "")
    pieces = request.POST.get("pieces", "").strip()
    seen = request.POST.get("seen", "")
    try:
        if kind not in tuple(ChangeKind) or not _is_number(pieces):
            raise counting.PiecesInvalid("Not a number of pieces.")
        counting.change_stock(
            asker=entered.asker,
            said=[Said(sku=sku, kind=ChangeKind(kind), pieces=int(pieces))],
            # Only a count says what lies there; the others add to it or take from it, whatever it is by now.
            seen=int(seen) if kind == ChangeKind.COUNTED and _is_number(seen) else None,
            why=request.POST.get("why", "")[:500].strip(),
            now=clock.now(),
        )
    except EvertillError as error:
        if error.status not in ("conflict", "invalid") or isinstance(error, stock.UnknownStock):
            raise
        return _page(request, entered, sku, error=error)
    return see_other("desk:stock:shelf", sku=sku, done="saved")


@desk_view(Permission.STOCK_EDIT, methods=("POST",))
def undo(request: HttpRequest, entered: Entered, change_id: int) -> HttpResponse:
    """This function will take back what was said of pieces."""
    sku = request.POST.get("sku", "")
    try:
        change = counting.undo_stock(asker=entered.asker, change_id=change_id, why="", now=clock.now())
    except EvertillError as error:
        if error.status != "conflict":
            raise
        return _page(request, entered, sku, error=error)
    return see_other("desk:stock:shelf", sku=change.sku, done="undone")


def _page(request: HttpRequest, entered: Entered, sku: str, *, error: EvertillError | None = None) -> HttpResponse:
    found = counting.read_shelf(asker=entered.asker, sku=sku[:200], limit=100, now=clock.now())
    who = known_as({change.changed_by for change in found.changes})
    words = dict(kinds()) | {"UNDONE": _("Taken back")}
    typed = request.POST if error is not None else {}
    context = {
        "item": found.item,
        "title": found.title,
        "is_counted": found.item.kind is stock.Kind.COUNTED,
        "changes": [{"change": one, "by": who[one.changed_by], "kind": words[one.kind]} for one in found.changes],
        "kinds": kinds(),
        "kind": typed.get("kind") or "CAME_IN",
        "pieces": typed.get("pieces", ""),
        "why": typed.get("why", ""),
    }
    return desk_page(request, entered, "stock/shelf.html", context, error=error)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX
