"""What I may do here: my roles, and what each of them allows."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.me import views
from evertill.entry.desk.rooms import Room, Shelf

ROOM = Room(
    name="me",
    title=_("What I may do"),
    shelf=Shelf.SHOP,
    rank=90,
    permission=Permission.OWN_ACCOUNT,
    urls=[path("", views.show, name="index")],
)
