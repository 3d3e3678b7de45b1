"""One operation on many things: which there are, what becomes of each, and how far they are."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.bulk import views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

ROOM = Room(
    name="bulk",
    title=_("In bulk"),
    shelf=Shelf.NOW,
    rank=80,
    # What every role that comes with the shop has. Of the bulks each sees those that he may make or approve.
    permission=Permission.ALERTS_READ,
    urls=[
        path("", views.index, name="index"),
        path("<str:number>/", views.show, name="show"),
        path("<str:number>/begin", views.begin, name="begin"),
        path("<str:number>/cancel", views.cancel, name="cancel"),
        path("<str:number>/result.<str:form>", views.result, name="result"),
    ],
    done={
        "begun": _("It has begun. You can leave this page: it goes on without it."),
        "cancelled": _("It was cancelled. What had been done stays done."),
        "asked": _("Your request waits for another person. Come back here once it is approved."),
    },
    failures={
        "BULK_NOT_OPEN": (
            _("This has begun, ended or been cancelled meanwhile, or it was looked at more than a day ago."),
            _("What was done stays as it is."),
            _("Look at it again: it says what was done and what was not."),
        ),
        "BULK_NOT_FOUND": (_("There is no such bulk."), NOTHING, _("Look at the list. Old ones are removed.")),
    },
)
