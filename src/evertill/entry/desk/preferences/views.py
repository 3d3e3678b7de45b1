"""The pages of settings."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.domains.preferences import Kind, Name
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.preferences.words import GROUPS, SAYS, TITLES, UNITS
from evertill.entry.desk.who import known_as
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other
from evertill.journeys.change_preference import PreferenceInvalid, ask_to_change_preference, change_preference
from evertill.journeys.enter_desk import Entered
from evertill.journeys.read_preference import Shown, list_preferences, list_settings, show_preference
from evertill.kernel import clock

_HISTORY = 50
# What is longer is typed into several lines.
_LINE_CHARS = 100


@desk_view(Permission.SETTINGS_EDIT)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show everything that the shop decides, and what holds now."""
    shown = {one.name: one for one in list_preferences(asker=entered.asker, now=clock.now())}
    who = known_as({one.preference.changed_by for one in shown.values()})
    groups = [
        (title, [_row(shown[name]) | {"by": who[shown[name].preference.changed_by]} for name in names])
        for title, names in GROUPS
    ]
    return desk_page(request, entered, "preferences/index.html", {"groups": groups})


@desk_view(Permission.SETTINGS_EDIT, methods=("GET", "POST"))
def show(request: HttpRequest, entered: Entered, name: str) -> HttpResponse:
    """This function will show one of them with everything that it was before, or change it."""
    if name not in set(Name):
        raise Http404
    one = Name(name)
    if request.method != "POST":
        return _page(request, entered, one)
    text, why = text_of(request, "value"), text_of(request, "why")
    seen = int(version) if (version := text_of(request, "seen")).isdecimal() else None
    try:
        if reason := asks(request):
            ask_to_change_preference(asker=entered.asker, name=one, text=text, why=reason, now=clock.now(), seen=seen)
            return see_other("desk:preferences:show", name, done="asked", value=text)
        change_preference(asker=entered.asker, name=one, text=text, why=why, now=clock.now(), seen=seen)
    except PreferenceInvalid as error:
        return _page(request, entered, one, typed=text, error=error)
    return see_other("desk:preferences:show", name, done="changed")


@desk_view(Permission.SETTINGS_EDIT)
def machine(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show what the environment of this machine says; nothing there is changed from here."""
    told = list_settings(asker=entered.asker, now=clock.now())
    return desk_page(request, entered, "preferences/machine.html", {"settings": told})


def _page(
    request: HttpRequest,
    entered: Entered,
    name: Name,
    *,
    typed: str | None = None,
    error: PreferenceInvalid | None = None,
) -> HttpResponse:
    shown, history = show_preference(asker=entered.asker, name=name, limit=_HISTORY, now=clock.now())
    # What was asked for comes back with the address, to be saved once it is approved.
    value = typed if typed is not None else request.GET.get("value", str(shown.preference.value))
    who = known_as({one.changed_by for one in history})
    context = {
        "one": _row(shown),
        "value": value,
        "zones": sorted(zoneinfo.available_timezones()) if shown.declared.kind is Kind.ZONE else (),
        "history": [{"change": one, "by": who[one.changed_by]} for one in history],
    }
    return desk_page(request, entered, "preferences/show.html", context, error=error)


def _row(shown: Shown) -> dict[str, Any]:
    return {
        "name": shown.name.value,
        "title": TITLES[shown.name],
        "says": SAYS[shown.name],
        "unit": UNITS[shown.declared.kind],
        "is_number": shown.declared.kind.is_number,
        "is_long": shown.declared.kind is Kind.TEXT and shown.declared.high > _LINE_CHARS,
        "declared": shown.declared,
        "preference": shown.preference,
    }
