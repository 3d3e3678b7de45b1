"""What somebody has to look at, and that somebody has."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.alerts import views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

ROOM = Room(
    name="alerts",
    title=_("Alerts"),
    shelf=Shelf.NOW,
    rank=40,
    permission=Permission.ALERTS_READ,
    urls=[path("", views.index, name="index"), path("close", views.close, name="close")],
    done={"closed": _("It is closed. If its cause is still there, it is raised anew.")},
    failures={
        "ALERT_NOT_OPEN": (
            _("This alert is not open any more."),
            NOTHING,
            _("Somebody else may have closed it. Look at the list again."),
        ),
        "WHY_MISSING": (
            _("It is not said what was done."),
            NOTHING,
            _("Choose alerts, and write what was done about them."),
        ),
    },
)
