"""Categories: what they are called, their order, which are out of use, and the way back."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.categories import views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

ROOM = Room(
    name="categories",
    title=_("Categories"),
    shelf=Shelf.GOODS,
    rank=15,
    permission=Permission.CATALOG_EDIT,
    urls=[
        path("", views.index, name="index"),
        path("new", views.add, name="add"),
        path("<slug:slug>/", views.show, name="show"),
        path("<slug:slug>/place", views.place, name="place"),
        path("<slug:slug>/move", views.move, name="move"),
        path("<slug:slug>/undo/<int:change>", views.undo, name="undo"),
    ],
    done={
        "saved": _("It is saved. Customers see it within a minute."),
        "same": _("Nothing was different, so nothing was saved."),
        "added": _("The category is there. Customers see it as soon as a product on show stands in it."),
        "undone": _("It is as it was before that change."),
    },
    failures={
        "CATEGORY_INCOMPLETE": (
            _("This cannot be saved so."),
            _("Nothing was changed. What you typed is still here."),
            _("A category has a title in the shop's first language, and stands below none that is below another."),
        ),
        "CATEGORY_TAKEN": (
            _("Another category has this address."),
            NOTHING,
            _("Choose another address, or leave it empty."),
        ),
        "TOO_MANY_ITEMS": (
            _("There is nothing to move, or more than can be moved at once."),
            NOTHING,
            _("Of very many products, move some by the table of products first."),
        ),
        "UNKNOWN_CATEGORY": (_("There is no such category."), NOTHING, _("Look for it in the list of categories.")),
        "UNKNOWN_CHANGE": (_("There is no such change."), NOTHING, _("Look at the history of the category.")),
    },
)
