"""Products: what is for sale, what it is called, who sees it; what was changed of it, and the way back."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.catalogue import history, table, views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

ROOM = Room(
    name="catalogue",
    title=_("Products"),
    shelf=Shelf.GOODS,
    rank=10,
    permission=Permission.CATALOG_EDIT,
    urls=[
        path("", views.index, name="index"),
        path("new", views.add, name="add"),
        path("table", table.take, name="table"),
        path("table/save", table.save, name="save-table"),
        path("<slug:slug>/", views.show, name="show"),
        path("<slug:slug>/variants", views.add_variant, name="add-variant"),
        path("<slug:slug>/history", history.show, name="history"),
        path("<slug:slug>/undo/<int:change>", history.undo, name="undo"),
    ],
    done={
        "saved": _("It is saved. Customers see it within a minute."),
        "same": _("Nothing was different, so nothing was saved."),
        "added": _("The product is there. Nobody sees it until you show it."),
        "variant": _("The variant is there."),
        "undone": _("It is as it was before that change."),
    },
    failures={
        "PRODUCT_INCOMPLETE": (
            _("This cannot be saved so."),
            _("Nothing was changed. What you typed is still here."),
            _("Correct what is marked, and save it again."),
        ),
        "SKU_TAKEN": (_("Another variant has this SKU."), NOTHING, _("Choose another SKU.")),
        "SLUG_TAKEN": (
            _("Another product has this address."),
            NOTHING,
            _("Choose another address, or leave it empty."),
        ),
        "UNKNOWN_PRODUCT": (_("There is no such product."), NOTHING, _("Look for it in the list of products.")),
        "UNKNOWN_CHANGE": (_("There is no such change."), NOTHING, _("Look at the history of the product.")),
    },
)
