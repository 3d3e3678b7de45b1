"""Categories: the list in its order, one of them with its history, and new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from evertill.domains import catalog
from evertill.domains.access import Permission
from evertill.domains.catalog import Plain
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.who import known_as
from evertill.entry.pages import places
from evertill.entry.pages.leading import see_other
from evertill.journeys import edit_category as editing
from evertill.journeys.edit_many_products import EDIT_MANY
from evertill.journeys.enter_desk import Entered
from evertill.journeys.make_bulk import TooManyBulks, TooManyItems, make_bulk
from evertill.kernel import clock, config, ids
from evertill.kernel.errors import EvertillError

_CHANGES = 50
_SEEN_CHARS_MAX = 10_000
_LANGUAGES = {"en": "English", "zh-hans": "简体中文"}


@desk_view(Permission.CATALOG_EDIT)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list the categories in their order, retired ones too."""
    language = places.of(request).language
    context = {
        "rows": [
            {
                "slug": one.shelf.slug,
                "title": _title(one.shelf, language),
                "is_below": bool(one.shelf.values["parent"]),
                "is_retired": one.shelf.values["retired"],
                "products": one.products,
            }
            for one in editing.list_categories(asker=entered.asker, now=clock.now())
        ]
    }
    return desk_page(request, entered, "categories/index.html", context)


@desk_view(Permission.CATALOG_EDIT, methods=("GET", "POST"))
def add(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will make a new category."""
    said = request.POST
    context: dict[str, Any] = {
        "titles": [(code, name, said.get(f"title:{code}", "")) for code, name in _languages()],
        "slug": said.get("slug", ""),
        "parents": _parents(request, entered, own=None),
        "parent": said.get("parent", request.GET.get("parent", "")),
    }
    if request.method != "POST":
        return desk_page(request, entered, "categories/add.html", context)
    try:
        shelf = editing.add_category(
            asker=entered.asker,
            slug=said.get("slug", "").strip()[:200],
            titles={code: said.get(f"title:{code}", "").strip()[:200] for code, _name in _languages()},
            parent=said.get("parent", "")[:200],
            why=said.get("why", "")[:500].strip(),
            now=clock.now(),
        )
    except (editing.CategoryTaken, catalog.categories.CategoryIncomplete) as error:
        return desk_page(request, entered, "categories/add.html", context, error=error)
    return see_other("desk:categories:show", shelf.slug, done="added")


@desk_view(Permission.CATALOG_EDIT, methods=("GET", "POST"))
def show(request: HttpRequest, entered: Entered, slug: str) -> HttpResponse:
    """This function will show a category with its history, and save what was changed in it."""
    if request.method != "POST":
        return _page(request, entered, slug)
    said = request.POST
    wanted: dict[str, Plain] = {
        catalog.rules.title_name(code): said[f"title:{code}"].strip()[:200]
        for code, _name in _languages()
        if f"title:{code}" in said
    }
    if "parent" in said:
        wanted["parent"] = said["parent"][:200]
    wanted["retired"] = "retired" in said
    try:
        change = editing.edit_category(
            asker=entered.asker,
            slug=slug,
            seen=_read_seen(request),
            wanted=wanted,
            why=said.get("why", "")[:500].strip(),
            now=clock.now(),
        )
    except EvertillError as error:
        if error.code not in ("CHANGED_MEANWHILE", "CATEGORY_INCOMPLETE"):
            raise
        return _page(request, entered, slug, error=error, typed=wanted)
    return see_other("desk:categories:show", slug, done="saved" if change else "same")


@desk_view(Permission.CATALOG_EDIT, methods=("POST",))
def place(request: HttpRequest, entered: Entered, slug: str) -> HttpResponse:
    """This function will move a category one place back or on among its siblings."""
    by = -1 if request.POST.get("to") == "back" else 1
    editing.move_category(asker=entered.asker, slug=slug, by=by, now=clock.now())
    return see_other("desk:categories:index")


@desk_view(Permission.CATALOG_EDIT, methods=("POST",))
def move(request: HttpRequest, entered: Entered, slug: str) -> HttpResponse:
    """This function will have all products of a category moved to another one, by way of a bulk."""
    to = request.POST.get("to", "")[:200]
    targets = editing.targets_to_move(asker=entered.asker, slug=slug, to=to, now=clock.now())
    try:
        bulk = make_bulk(
            asker=entered.asker,
            operation=EDIT_MANY.name,
            targets=targets,
            why=request.POST.get("why", "")[:500].strip(),
            now=clock.now(),
        )
    except (TooManyItems, TooManyBulks) as error:
        return _page(request, entered, slug, error=error)
    return see_other("desk:bulk:show", ids.to_number(bulk.id))


@desk_view(Permission.CATALOG_EDIT, methods=("POST",))
def undo(request: HttpRequest, entered: Entered, slug: str, change: int) -> HttpResponse:
    """This function will take a change of a category back."""
    try:
        editing.undo_category(asker=entered.asker, slug=slug, number=change, why="", now=clock.now())
    except EvertillError as error:
        if error.status not in ("conflict", "invalid"):
            raise
        return _page(request, entered, slug, error=error)
    return see_other("desk:categories:show", slug, done="undone")


def _page(
    request: HttpRequest,
    entered: Entered,
    slug: str,
    *,
    error: EvertillError | None = None,
    typed: Mapping[str, Plain] | None = None,
) -> HttpResponse:
    shelf = editing.read_category(asker=entered.asker, slug=slug, now=clock.now())
    older = request.GET.get("older", "")
    before = int(older) if older.isdecimal() and len(older) < len(str(1 << 30)) else None
    changes = editing.read_history(asker=entered.asker, slug=slug, before=before, limit=_CHANGES + 1, now=clock.now())
    who = known_as({one.changed_by for one in changes})
    values = {**shelf.values, **(typed or {})}
    parents = _parents(request, entered, own=slug)
    context = {
        "shelf": shelf,
        "title": _title(shelf, places.of(request).language),
        "titles": [(code, name, values.get(f"title:{code}") or "") for code, name in _languages()],
        "parent": values["parent"],
        "parents": parents,
        "others": [
            (one.shelf.slug, _title(one.shelf, places.of(request).language))
            for one in _all(entered)
            if one.shelf.slug != slug
        ],
        "retired": values["retired"],
        "products": next((one.products for one in _all(entered) if one.shelf.slug == slug), 0),
        "seen": msgspec.json.encode(shelf.values, order="deterministic").decode(),
        "why": request.POST.get("why", ""),
        "changes": [
            {
                "change": one,
                "by": who[one.changed_by],
                "told": [
                    (_label(name), _write(name, one.before.get(name)), _write(name, value))
                    for name, value in one.after.items()
                ],
            }
            for one in changes[:_CHANGES]
        ],
        "older": changes[_CHANGES - 1].number if len(changes) > _CHANGES else None,
        "newest": before is not None,
    }
    return desk_page(request, entered, "categories/show.html", context, error=error)


def _all(entered: Entered) -> list[editing.Filed]:
    return editing.list_categories(asker=entered.asker, now=clock.now())


def _parents(request: HttpRequest, entered: Entered, *, own: str | None) -> list[tuple[str, str]]:
    """List what a category may stand below: the tops, but for itself."""
    language = places.of(request).language
    tops = [one.shelf for one in _all(entered) if not one.shelf.values["parent"] and one.shelf.slug != own]
    return [(shelf.slug, _title(shelf, language)) for shelf in tops]


def _title(shelf: editing.Shelf, language: str) -> str:
    titles = [shelf.values.get(catalog.rules.title_name(code)) for code in (language, *config.get().languages)]
    return next((str(title) for title in titles if title), shelf.slug)


def _languages() -> list[tuple[str, str]]:
    return [(code, _LANGUAGES.get(code, code)) for code in config.get().languages]


def _read_seen(request: HttpRequest) -> dict[str, Plain]:
    try:
        seen = request.POST.get("seen", "")[:_SEEN_CHARS_MAX]
        return dict(msgspec.json.decode(seen, type=dict[str, str | bool | list[str] | None]))
    except (msgspec.DecodeError, msgspec.ValidationError):
        return {}


def _label(name: str) -> str:
    language = catalog.rules.language_of_text(name)
    if language is not None:
        return f"{_('Title')} ({_LANGUAGES.get(language, language)})"
    return {"parent": _("Stands below"), "place": _("Rank"), "retired": _("Who sees it")}.get(name, name)


def _write(name: str, value: Plain) -> str:
    if name == "retired":
        return "" if value is None else _("Out of use") if value else _("Shown")
    return str(value or "")
