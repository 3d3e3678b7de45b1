"""The audit trail: who did what, in which role, to what, and why; nothing here can be changed."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.trail import views

ROOM = Room(
    name="trail",
    title=_("Audit trail"),
    shelf=Shelf.SHOP,
    rank=30,
    permission=Permission.TRAIL_READ,
    urls=[
        path("", views.index, name="index"),
        path("export", views.export, name="export"),
        path("<str:number>/", views.show, name="show"),
    ],
    failures={
        "EXPORT_TOO_LARGE": (
            _("So many records are not taken out from here."),
            _("Nothing was taken out."),
            _("Choose a shorter time span, or take them out at the machine: evertill audit-trail export."),
        ),
    },
)
