"""Today: what came in, and what waits for somebody."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.today import views

ROOM = Room(
    name="today",
    title=_("Today"),
    shelf=Shelf.NOW,
    rank=10,
    permission=Permission.ORDERS_READ,
    urls=[path("", views.index, name="index")],
)
