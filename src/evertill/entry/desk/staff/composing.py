"""Pages about roles: what each may do, and how one of the shop's own is composed."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from evertill.domains.access import PERMISSIONS, STAFF_PERMISSIONS, Permission, Role
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.who import known_as
from evertill.entry.desk.words import permission
from evertill.entry.desk.words import role as title_of
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other
from evertill.journeys import manage_roles
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock, ids


@desk_view(Permission.ACCESS_READ)
def roles(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show every role that can be given, and who has it."""
    shown = manage_roles.show_roles(asker=entered.asker, now=clock.now())
    rows = [
        {
            "role": one.role,
            "title": title_of(one.role.name),
            "bearers": len(one.bearers),
            "allows": len(one.role.permissions),
        }
        for one in shown
    ]
    return desk_page(request, entered, "staff/roles.html", {"roles": rows})


@desk_view(Permission.ACCESS_READ)
def role(request: HttpRequest, entered: Entered, name: str) -> HttpResponse:
    """This function will show what a role may do, and who has it."""
    one = _find(entered, name)
    who = known_as({f"STAFF:{account_id}" for account_id in one.bearers})
    context = {
        "role": one.role,
        "title": title_of(name),
        "allowed": [_told(each) for each in Permission if each in one.role.permissions],
        "bearers": [
            {"number": ids.to_number(account_id), "name": who[f"STAFF:{account_id}"]} for account_id in one.bearers
        ],
    }
    return desk_page(request, entered, "staff/role.html", context)


@desk_view(Permission.ACCESS_DEFINE, methods=("GET", "POST"))
def compose(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will make a role of the shop's own: its form, then what it would be, then the role."""
    if request.method != "POST":
        return _form(request, entered, None, name="", says="", chosen=frozenset())
    return _define(request, entered, None, name=text_of(request, "name").strip())


@desk_view(Permission.ACCESS_DEFINE, methods=("GET", "POST"))
def change(request: HttpRequest, entered: Entered, name: str) -> HttpResponse:
    """This function will change a role of the shop's own: its form, then the difference, then the change."""
    before = _find(entered, name).role
    if before.is_built_in:
        raise Http404
    if request.method != "POST":
        return _form(request, entered, before, name=name, says=before.says, chosen=before.permissions)
    return _define(request, entered, before, name=name)


def _define(request: HttpRequest, entered: Entered, before: Role | None, *, name: str) -> HttpResponse:
    says = text_of(request, "says").strip()
    chosen = frozenset(Permission(text) for text in request.POST.getlist("permission") if text in set(Permission))
    step, now = text_of(request, "step"), clock.now()
    if step == "form":
        return _form(request, entered, before, name=name, says=says, chosen=chosen)
    if reason := asks(request):
        manage_roles.ask_to_define_role(
            asker=entered.asker, name=name, says=says, permissions=chosen, why=reason, now=now
        )
        return see_other("desk:staff:roles", done="asked")
    if step != "save":
        return _difference(request, entered, before, name=name, says=says, chosen=chosen)
    manage_roles.define_role(
        asker=entered.asker,
        name=name,
        says=says,
        permissions=chosen,
        seen=_seen(request, before),
        why=text_of(request, "why"),
        now=now,
    )
    return see_other("desk:staff:role", name, done="defined")


def _seen(request: HttpRequest, before: Role | None) -> Role | None:
    version = text_of(request, "seen")
    if before is None or not version.isdecimal():
        return None
    return dataclasses.replace(before, version=int(version))


def _form(
    request: HttpRequest, entered: Entered, before: Role | None, *, name: str, says: str, chosen: frozenset[Permission]
) -> HttpResponse:
    held = entered.holder.permissions
    context = {
        "before": before,
        "name": name,
        "says": says,
        "choices": [
            _told(one) | {"is_chosen": one in chosen, "is_held": one in held}
            for one in Permission
            if one in STAFF_PERMISSIONS and one is not Permission.ACCESS_OWN
        ],
    }
    return desk_page(request, entered, "staff/compose.html", context)


def _difference(
    request: HttpRequest, entered: Entered, before: Role | None, *, name: str, says: str, chosen: frozenset[Permission]
) -> HttpResponse:
    had = before.permissions if before else frozenset()
    context = {
        "before": before,
        "name": name,
        "says": says,
        "chosen": sorted(chosen),
        "gained": [_told(one) for one in Permission if one in chosen - had],
        "lost": [_told(one) for one in Permission if one in had - chosen],
        "kept": len(had & chosen),
        "bearers": len(_find(entered, name).bearers) if before else 0,
    }
    return desk_page(request, entered, "staff/difference.html", context)


def _find(entered: Entered, name: str) -> manage_roles.ShownRole:
    for one in manage_roles.show_roles(asker=entered.asker, now=clock.now()):
        if one.role.name == name:
            return one
    raise Http404


def _told(one: Permission) -> dict[str, Any]:
    declared = PERMISSIONS[one]
    return {
        "name": one.value,
        "says": permission(one),
        "is_read": declared.is_read,
        "needs_another": declared.approved_by is not None,
    }
