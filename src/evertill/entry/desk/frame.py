"""What the desk's pages have in common: the menu, what was just done, and how a failure is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.identity import Session
from evertill.entry.desk import failures
from evertill.entry.desk.rooms import Room, Shelf, rooms
from evertill.entry.pages import references
from evertill.entry.pages.frame import RETRY_S, private_page, view_of
from evertill.entry.pages.troubles import Trouble, status_of
from evertill.journeys.enter_desk import Entered
from evertill.kernel import db
from evertill.kernel.errors import EvertillError

_SHELVES: Mapping[Shelf, Promise | str] = {
    Shelf.NOW: _("Now"),
    Shelf.ORDERS: _("Orders"),
    Shelf.GOODS: _("Goods"),
    Shelf.PEOPLE: _("People"),
    Shelf.SHOP: _("The shop"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A room as the menu shows it."""

    title: str
    address: str
    is_here: bool


def desk_page(
    request: HttpRequest,
    entered: Entered,
    template: str,
    context: Mapping[str, Any],
    *,
    error: EvertillError | None = None,
    status: int = 200,
) -> HttpResponse:
    """This function will render a page of the desk, `template` below templates/desk, with a failure at its head."""
    room = room_of(request)
    known = {
        "menu": _menu(entered, room),
        "room": room,
        "entered": entered,
        # By name, because a template cannot look into a set.
        "may": {permission.value.replace(".", "_"): True for permission in entered.holder.permissions},
        "done": room.done.get(request.GET.get("done", ""), "") if room else "",
        "trouble": failures.tell(error, known=room.failures if room else {}) if error else None,
    }
    status = status_of(error) if error else status
    answer = private_page(request, f"desk/{template}", {**known, **context}, status=status)
    if status in (429, 503):
        answer["Retry-After"] = "5"
    return answer


def failure_page(request: HttpRequest, entered: Entered, error: EvertillError) -> HttpResponse:
    """This function will tell a failure on a page of its own, with the way back."""
    return desk_page(request, entered, "failure.html", {"back": _back(request)}, error=error)


def approval_page(
    request: HttpRequest, entered: Entered, error: EvertillError, *, fields: Mapping[str, Sequence[str]] | None
) -> HttpResponse:
    """This function will tell that another person has to approve this, and offer to ask for it.

    The form goes to the same address with all that it said, `ask`, and `why_ask`: the view then calls the journey that
    asks instead of the one that does (`gate.asks`).
    """
    return desk_page(request, entered, "approval.html", {"fields": fields, "back": _back(request)}, error=error)


def refused(request: HttpRequest, session: Session, error: EvertillError) -> HttpResponse:
    """This function will tell somebody that a page is not for him, without saying what is on it."""
    context = {"trouble": failures.tell(error, known={}), "is_staff": session.is_staff}
    return private_page(request, "desk/refused.html", context, status=403)


def told_page(
    request: HttpRequest, *, title: str, text: str, status: int, reference: str = "", entered: Entered | None = None
) -> HttpResponse:
    """This function will say that there is nothing to show, and why; with the menu of whoever has `entered`.

    Nothing is read for it, because what failed may be the database.
    """
    context = {"title": title, "text": text, "reference": reference, "back": _back(request)}
    if entered is not None:
        return desk_page(request, entered, "told.html", context, status=status)
    return private_page(request, "desk/told.html", context, status=status)


def away(request: HttpRequest) -> HttpResponse:
    """This function will answer while the database is away, when nobody can be told from anybody else.

    A page that was only to be shown asks for itself again; a form is for its sender to send again.
    """
    reference = references.note("page unavailable", view=view_of(request))
    is_form = request.method not in ("GET", "HEAD")
    trouble = Trouble(
        what=str(_("The database does not answer.")),
        kept=str(_("Nothing was changed by what you did last. All that was confirmed before is safe.")),
        remedy=str(
            _("Wait a few seconds, go back, and send the form again.")
            if is_form
            else _("This page tries again by itself. If that goes on, tell whoever runs the machine the reference.")
        ),
        code=db.DatabaseUnavailable.code,
        reference=reference,
    )
    context = {"trouble": trouble, "retry_s": 0 if is_form else RETRY_S, "back": reverse("desk:home")}
    answer = private_page(request, "desk/away.html", context, status=503)
    answer["Retry-After"] = str(RETRY_S)
    return answer


def room_of(request: HttpRequest) -> Room | None:
    """This function will return the room that an address is in."""
    match = request.resolver_match
    return rooms().get(match.namespaces[-1]) if match and match.namespaces else None


def first_door(entered: Entered) -> str:
    """This function will return the address of the first room that somebody may open; "" for none."""
    doors = [door for _shelf, group in _menu(entered, None) for door in group]
    return doors[0].address if doors else ""


def _menu(entered: Entered, here: Room | None) -> list[tuple[str, list[Door]]]:
    shelves: dict[Shelf, list[Door]] = {}
    for room in rooms().values():
        if room.permission in entered.holder.permissions:
            door = Door(title=str(room.title), address=reverse(f"desk:{room.name}:index"), is_here=room == here)
            shelves.setdefault(room.shelf, []).append(door)
    return [(str(_SHELVES[shelf]), doors) for shelf, doors in shelves.items()]


def _back(request: HttpRequest) -> str:
    room = room_of(request)
    return reverse(f"desk:{room.name}:index") if room else reverse("desk:home")
