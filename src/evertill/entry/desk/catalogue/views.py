"""Products: the list, one of them, and new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from evertill.domains import catalog, stock
from evertill.domains.access import Permission
from evertill.domains.catalog import Plain, Status
from evertill.entry.desk.catalogue import fields
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.pages import places
from evertill.entry.pages.leading import see_other
from evertill.journeys import edit_product as editing
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import ChangedMeanwhile

_ROWS = 50
_TONES = {Status.ACTIVE: "good", Status.DRAFT: "wait", Status.ARCHIVED: ""}


def statuses() -> list[tuple[str, str]]:
    """This function will return how a product can stand, in words."""
    return [("ACTIVE", _("Shown")), ("DRAFT", _("Draft, hidden")), ("ARCHIVED", _("Out of the range, hidden"))]


@desk_view(Permission.CATALOG_EDIT)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list products, shown or hidden."""
    asked = request.GET
    status = asked.get("status", "") if asked.get("status") in tuple(Status) else ""
    older = asked.get("older", "")
    rows = editing.list_products(
        asker=entered.asker,
        languages=[places.of(request).language],
        search=asked.get("q", "")[:200],
        status=status,
        before=int(older) if older.isdecimal() and len(older) < len(str(1 << 62)) else None,
        limit=_ROWS + 1,
        now=clock.now(),
    )
    words = dict(statuses())
    context = {
        "products": [(row, words[row.status], _TONES[row.status]) for row in rows[:_ROWS]],
        "older": rows[_ROWS - 1].id if len(rows) > _ROWS else None,
        "newest": bool(older),
        "q": asked.get("q", ""),
        "status": status,
        "statuses": statuses(),
    }
    return desk_page(request, entered, "catalogue/index.html", context)


@desk_view(Permission.CATALOG_EDIT, methods=("GET", "POST"))
def show(request: HttpRequest, entered: Entered, slug: str) -> HttpResponse:
    """This function will show a product as a form, and save what was changed in it."""
    card = editing.read_product(asker=entered.asker, slug=slug, now=clock.now())
    if request.method != "POST":
        return _form(request, entered, card)
    seen = fields.read_seen(request)
    wanted = fields.read_wanted(request, card, seen=seen)
    try:
        change = editing.edit_product(
            asker=entered.asker,
            slug=slug,
            seen=seen,
            wanted=wanted,
            why=request.POST.get("why", "")[:500].strip(),
            now=clock.now(),
        )
    except ChangedMeanwhile as error:
        # What he typed stays in the form; beside it stands what the other one wrote, and saving again decides.
        card = editing.read_product(asker=entered.asker, slug=slug, now=clock.now())
        return _form(request, entered, card, typed=wanted, contested=error.facts["changes"], error=error)
    except catalog.ProductIncomplete as error:
        return _form(request, entered, card, typed=wanted, error=error, wrong=error.facts.get("name", ""))
    return see_other("desk:catalogue:show", slug, done="saved" if change else "same")


@desk_view(Permission.CATALOG_EDIT, methods=("POST",))
def add_variant(request: HttpRequest, entered: Entered, slug: str) -> HttpResponse:
    """This function will give a product one more variant."""
    said = request.POST
    added = editing.AddVariant(
        sku=said.get("sku", "").strip()[:200],
        titles={code: said.get(f"title:{code}", "").strip()[:500] for code in fields.languages()},
        kind=_kind(request),
    )
    try:
        editing.edit_product(asker=entered.asker, slug=slug, seen={}, wanted={}, added=added, why="", now=clock.now())
    except (catalog.ProductIncomplete, editing.SkuTaken) as error:
        card = editing.read_product(asker=entered.asker, slug=slug, now=clock.now())
        return _form(request, entered, card, error=error, added=added)
    return see_other("desk:catalogue:show", slug, done="variant")


@desk_view(Permission.CATALOG_EDIT, methods=("GET", "POST"))
def add(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will make a new product, hidden until somebody shows it."""
    said = request.POST
    context: dict[str, Any] = {
        "titles": [
            (code, fields.LANGUAGES.get(code, code), said.get(f"title:{code}", "")) for code in fields.languages()
        ],
        "sku": said.get("sku", ""),
        "slug": said.get("slug", ""),
        "unlimited": said.get("kind") == stock.Kind.UNLIMITED,
    }
    if request.method != "POST":
        return desk_page(request, entered, "catalogue/add.html", context)
    try:
        card = editing.add_product(
            asker=entered.asker,
            slug=said.get("slug", "").strip()[:200],
            titles={code: said.get(f"title:{code}", "").strip()[:500] for code in fields.languages()},
            sku=said.get("sku", "").strip()[:200],
            kind=_kind(request),
            why=said.get("why", "")[:500].strip(),
            now=clock.now(),
        )
    except (catalog.ProductIncomplete, editing.SkuTaken, editing.SlugTaken) as error:
        return desk_page(request, entered, "catalogue/add.html", context, error=error)
    return see_other("desk:catalogue:show", card.slug, done="added")


def _form(
    request: HttpRequest,
    entered: Entered,
    card: editing.Card,
    *,
    typed: Mapping[str, Plain] | None = None,
    contested: Mapping[str, tuple[Plain, Plain]] | None = None,
    error: EvertillError | None = None,
    wrong: str = "",
    added: editing.AddVariant | None = None,
) -> HttpResponse:
    parts = fields.parts(card, typed, contested)
    language = places.of(request).language
    context = {
        "card": card,
        **parts,
        "title": card.values.get(f"title:{language}") or card.values.get(f"title:{fields.languages()[0]}"),
        "statuses": statuses(),
        # Those that are out of use only where the product still stands in them.
        "categories": [
            shelf
            for shelf in editing.list_shelves(languages=[language])
            if not shelf.is_retired or shelf.slug in parts["chosen"]
        ],
        "wrong": wrong,
        "why": request.POST.get("why", ""),
        "languages_of_form": [(code, fields.LANGUAGES.get(code, code)) for code in fields.languages()],
        "added": added,
    }
    return desk_page(request, entered, "catalogue/show.html", context, error=error)


def _kind(request: HttpRequest) -> stock.Kind:
    return stock.Kind.UNLIMITED if request.POST.get("kind") == stock.Kind.UNLIMITED else stock.Kind.COUNTED
