"""The desk's addresses: its rooms', each below its own name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from evertill.domains.access import Permission
from evertill.entry.desk import frame
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.rooms import rooms
from evertill.entry.pages.leading import see_other_address
from evertill.journeys.enter_desk import Entered


# Everybody who works here has this permission by himself; where it leads is decided by the others.
@desk_view(Permission.OWN_ACCOUNT)
def home(_request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will lead to the first room that somebody may open."""
    return see_other_address(frame.first_door(entered))


app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    *(path(f"{room.name}/", include((list(room.urls), room.name))) for room in rooms().values()),
]
