"""What was changed of a product, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from evertill.domains import catalog
from evertill.domains.access import Permission
from evertill.domains.catalog import Plain
from evertill.entry.desk.catalogue import fields
from evertill.entry.desk.catalogue.views import statuses
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.who import known_as
from evertill.entry.pages.leading import see_other
from evertill.journeys import edit_product as editing
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError

_ROWS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One value that was changed: what it is called, what was and what is."""

    label: str
    before: str
    after: str


@desk_view(Permission.CATALOG_EDIT)
def show(request: HttpRequest, entered: Entered, slug: str) -> HttpResponse:
    """This function will tell what was changed of a product, the newest first."""
    return _page(request, entered, slug)


@desk_view(Permission.CATALOG_EDIT, methods=("POST",))
def undo(request: HttpRequest, entered: Entered, slug: str, change: int) -> HttpResponse:
    """This function will take a change of a product back."""
    why = request.POST.get("why", "")[:500].strip()
    try:
        editing.undo_edit(asker=entered.asker, slug=slug, number=change, why=why, now=clock.now())
    except EvertillError as error:
        if error.status != "conflict":
            raise
        return _page(request, entered, slug, error=error)
    return see_other("desk:catalogue:history", slug, done="undone")


def _page(request: HttpRequest, entered: Entered, slug: str, *, error: EvertillError | None = None) -> HttpResponse:
    older = request.GET.get("older", "")
    before = int(older) if older.isdecimal() and len(older) < len(str(1 << 30)) else None
    changes = editing.read_history(asker=entered.asker, slug=slug, before=before, limit=_ROWS + 1, now=clock.now())
    who = known_as({change.changed_by for change in changes})
    numbers = {change.id: change.number for change in changes}
    context = {
        "slug": slug,
        "changes": [
            {
                "change": change,
                "by": who[change.changed_by],
                "told": [_told(name, change.before.get(name), change.after.get(name)) for name in change.after],
                "undoes": numbers.get(change.undoes) if change.undoes else None,
            }
            for change in changes[:_ROWS]
        ],
        "older": changes[_ROWS - 1].number if len(changes) > _ROWS else None,
        "newest": before is not None,
    }
    return desk_page(request, entered, "catalogue/history.html", context, error=error)


def _told(name: str, before: Plain, after: Plain) -> Told:
    return Told(label=_label(name), before=_write(name, before), after=_write(name, after))


def _label(name: str) -> str:
    if name == "status":
        return _("Who sees it")
    if name == "categories":
        return _("Categories")
    sku = catalog.rules.sku_of(name)
    language = catalog.rules.language_of_variant(name) or catalog.rules.language_of_text(name)
    what = _("Text") if sku is None and name.startswith("text:") else _("Title")
    said = f"{what} ({fields.LANGUAGES.get(language, language)})" if language else _("Who sees it")
    return f"{sku}: {said}" if sku else said


def _write(name: str, value: Plain) -> str:
    if name == "status":
        return dict(statuses()).get(str(value), "")
    if isinstance(value, bool):
        return _("Shown") if value else _("Hidden")
    return ", ".join(value) if isinstance(value, list) else value or ""
