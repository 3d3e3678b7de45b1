"""Orders: found by whatever a caller says, each told as a story, with what may be done about it."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.orders import acts, views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

_LOOK = _("Look at the order as it is now.")

ROOM = Room(
    name="orders",
    title=_("Orders"),
    shelf=Shelf.ORDERS,
    rank=10,
    permission=Permission.ORDERS_READ,
    urls=[
        path("", views.index, name="index"),
        path("many", acts.many, name="many"),
        path("export", acts.export, name="export"),
        path("<str:number>/", views.show, name="show"),
        path("<str:number>/note", acts.note, name="note"),
        path("<str:number>/hold", acts.hold, name="hold"),
        path("<str:number>/release", acts.release, name="release"),
        path("<str:number>/cancel", acts.cancel, name="cancel"),
        path("<str:number>/review", acts.review, name="review"),
        path("<str:number>/resend", acts.resend, name="resend"),
    ],
    done={
        "noted": _("The note is kept with the order."),
        "held": _("The goods stay here until somebody lets them go."),
        "released": _("What staff kept here may go."),
        "cancelled": _("The order is cancelled, and its goods are back on sale."),
        "review": _("The order waits for review; its goods stay here until then."),
        "resent": _("The message will be sent again within a minute."),
    },
    failures={
        "NOTE_EMPTY": (_("The note says nothing, or too much."), NOTHING, _("Write 1 to 2,000 signs.")),
        "NOT_HELD": (
            _("Nobody of the staff keeps this order's goods here."),
            NOTHING,
            _("A dispute ends by itself, a review by deciding it."),
        ),
        "ALREADY_CANCELLED": (
            _("This order is cancelled already."),
            _("Its goods are back on sale."),
            _("There is nothing left to do."),
        ),
        "CANNOT_CANCEL": (
            _("This order cannot be cancelled any more."),
            _("The order stays as it is."),
            _("One that is paid is refunded; one that expired owes nothing."),
        ),
        "MESSAGE_NOT_FOUND": (_("This is no message about the order."), NOTHING, _LOOK),
        "MESSAGE_NOT_UNDELIVERABLE": (_("This message was sent, or waits to be sent."), NOTHING, _LOOK),
        "TOO_MANY_ITEMS": (
            _("These are more orders than may be changed at once."),
            NOTHING,
            _("Choose fewer of them."),
        ),
    },
)
