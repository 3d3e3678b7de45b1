"""What one person asks for and another one decides."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.approvals import views
from evertill.entry.desk.rooms import Room, Shelf

ROOM = Room(
    name="approvals",
    title=_("Approvals"),
    shelf=Shelf.NOW,
    rank=30,
    # What every role that comes with the shop has. Each sees what he may decide, and what he asked for himself.
    permission=Permission.ALERTS_READ,
    urls=[
        path("", views.index, name="index"),
        path("<str:number>/", views.show, name="show"),
        path("<str:number>/decide", views.decide, name="decide"),
        path("<str:number>/withdraw", views.withdraw, name="withdraw"),
    ],
    done={
        "asked": _("Your request waits for another person. Come back here once it is approved."),
        "approved": _("It is approved. Who asked for it can do it now, once, and nothing else."),
        "refused": _("It is refused."),
        "withdrawn": _("It is taken back."),
    },
)
