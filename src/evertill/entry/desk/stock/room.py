"""Stock: what lies on the shelf, what came in, was counted, lost or broken, and the way back."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.stock import table, views
from evertill.entry.desk.words import NOTHING

_AGAIN = _("Look at what lies there now, and say it again.")

ROOM = Room(
    name="stock",
    title=_("Stock"),
    shelf=Shelf.GOODS,
    rank=30,
    permission=Permission.STOCK_EDIT,
    urls=[
        path("", views.index, name="index"),
        path("shelf", views.shelf, name="shelf"),
        path("table", table.take, name="table"),
        path("table/save", table.save, name="save-table"),
        path("undo/<int:change_id>", views.undo, name="undo"),
    ],
    done={
        "saved": _("It is noted, and the stock is what you said."),
        "undone": _("It is taken back by a movement against it."),
    },
    failures={
        "PIECES_INVALID": (_("This is not a number of pieces."), NOTHING, _("Enter a whole number of pieces.")),
        "STOCK_IMPOSSIBLE": (_("The stock cannot change so."), NOTHING, _AGAIN),
        "UNKNOWN_SKU": (_("There is no such SKU."), NOTHING, _("Look for it in the list.")),
        "UNKNOWN_STOCK_CHANGE": (_("There is no such change."), NOTHING, _("Look at the history of the SKU.")),
        "SOLD_BY_CODES": (
            _("This is sold by codes: its pieces are the codes that are there."),
            NOTHING,
            _("Upload codes to have more of it."),
        ),
        "STOCK_UNDONE": (
            _("This change was taken back already, or takes another one back itself."),
            NOTHING,
            _("The newest change in the history says how it stands."),
        ),
        "COUNTED_SINCE": (
            _("Somebody has counted since, and his count holds whatever this change said."),
            NOTHING,
            _("Count again, or take the later counts back first."),
        ),
        "CHANGED_MEANWHILE": (
            _("The stock has moved since you opened the page: something was sold, or somebody else changed it."),
            NOTHING,
            _AGAIN,
        ),
    },
)
