"""Backups and restore drills: what lies elsewhere, whether it was tried, and what would be lost now."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.recovery import views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

ROOM = Room(
    name="recovery",
    title=_("Backups"),
    shelf=Shelf.SHOP,
    rank=50,
    permission=Permission.BACKUPS_READ,
    urls=[
        path("", views.show, name="index"),
        path("ask", views.ask, name="ask"),
        path("restore", views.restore, name="restore"),
        path("drills/<int:drill>", views.show_drill, name="drill"),
    ],
    done={
        "asked": _("Another person was asked to approve it. When that is done, come back here and say the same again."),
        "FULL": _("A full backup will be taken as soon as the one that runs has ended."),
        "INCREMENTAL": _("A backup of what has changed will be taken as soon as the one that runs has ended."),
        "DRILL": _("A restore drill will be held as soon as the backup or drill that runs has ended."),
    },
    failures={
        "BACKUP_ALREADY_ASKED": (
            _("The same is waiting already to be done."),
            _("It will be done once."),
            _("Wait until it has been done; this page shows it."),
        ),
        "RESTORE_CANNOT": (
            _("There are no such copies of this shop, or the moment has not come yet."),
            NOTHING,
            _("Name a moment that has passed. Which copies there are, evertill backup list shows."),
        ),
        "DRILL_NOT_FOUND": (
            _("There is no such drill."),
            NOTHING,
            _("Choose one from the list."),
        ),
    },
)
