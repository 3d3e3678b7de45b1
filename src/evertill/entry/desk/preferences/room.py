"""Settings: what the shop decides for itself, what it was before, and what its machine was told."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.preferences import views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

ROOM = Room(
    name="preferences",
    title=_("Settings"),
    shelf=Shelf.SHOP,
    rank=10,
    permission=Permission.SETTINGS_EDIT,
    urls=[
        path("", views.index, name="index"),
        path("machine", views.machine, name="machine"),
        path("<str:name>/", views.show, name="show"),
    ],
    done={
        "changed": _("It holds from now on."),
        "asked": _("Another person is asked to approve this. Once it is approved, save it here again."),
    },
    failures={
        "PREFERENCE_INVALID": (
            _("This cannot be saved so."),
            NOTHING,
            _("Look at what it takes, below, and try again."),
        ),
        "PREFERENCE_UNCHANGED": (
            _("This is what holds already."),
            NOTHING,
            _("Nothing is left to do."),
        ),
    },
)
