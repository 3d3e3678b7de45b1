"""Prices: one list for each currency, what was changed in it, and the way back."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.prices import history, many, views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

_HERE = _("Nothing was changed. What you typed is still here.")

ROOM = Room(
    name="prices",
    title=_("Prices"),
    shelf=Shelf.GOODS,
    rank=20,
    permission=Permission.PRICES_EDIT,
    urls=[
        path("", views.index, name="index"),
        path("history", history.show, name="history"),
        path("plan", history.plan, name="plan"),
        path("plan/<int:plan_id>/cancel", history.cancel, name="cancel"),
        path("raise", many.raise_all, name="raise"),
        path("table", many.take, name="table"),
        path("table/save", many.save, name="save"),
        path("undo/<int:change_id>", history.undo, name="undo"),
    ],
    done={
        "planned": _("The price is planned. Until its moment the present one stands."),
        "unplanned": _("The planned price is cancelled."),
        "saved": _("The prices are changed. Every order from now on pays them."),
        "asked": _("Another person is asked to approve this. Once it is approved, enter the same prices again."),
        "undone": _("The price is what it was before that change."),
        "asked_undo": _("Another person is asked to approve this. Once it is approved, take it back again."),
    },
    failures={
        "INVALID_MONEY": (_("This is not a price."), _HERE, _("Write it like 12.50, without signs.")),
        "MOMENT_INVALID": (
            _("This is no moment at which a price can begin."),
            NOTHING,
            _("Choose a later moment, within a year from now."),
        ),
        "PLANNED_ALREADY": (
            _("Another price begins at that moment."),
            NOTHING,
            _("Cancel the other one first, or choose another moment."),
        ),
        "PLAN_NOT_OPEN": (
            _("This price has begun already, or was cancelled."),
            NOTHING,
            _("Look at the history of the price."),
        ),
        "PRICE_UNCHANGED": (_("No price is another one."), NOTHING, _("Enter what a price is to be, and save.")),
        "TOO_MANY_PRICES": (_("These are too many prices at once."), _HERE, _("Change fewer at once.")),
        "TOO_MANY_AT_ONCE": (
            _("More is to change than may change at once."),
            NOTHING,
            _("Choose SKUs that begin alike, and do it in parts."),
        ),
        "UNKNOWN_SKU": (_("There is no such SKU."), _HERE, _("Look for it in the list.")),
        "UNKNOWN_PRICE_CHANGE": (_("There is no such change."), NOTHING, _("Look at the history of the price.")),
        "CHANGED_MEANWHILE": (
            _("Somebody else has changed one of these prices since you opened the list."),
            _("What the other person changed stands. What you typed is still here."),
            _("Look at what is new, and save again if yours still fits."),
        ),
    },
)
