"""Money that goes back: which refunds there are, how they stand, and new ones."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.refunds import refunding, views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

_NO_MONEY = _("No money was sent.")

ROOM = Room(
    name="refunds",
    title=_("Refunds"),
    shelf=Shelf.ORDERS,
    rank=50,
    permission=Permission.PAYMENTS_READ,
    urls=[
        path("", views.index, name="index"),
        path("order/<str:number>/", refunding.order, name="order"),
        path("<str:number>/again", views.again, name="again"),
        path("<str:number>/sent", views.sent, name="sent"),
    ],
    done={
        "succeeded": _("The money is on its way back."),
        "requested": _(
            "The refund is promised. It is sent as soon as the provider answers, or when you have sent it by hand."
        ),
        "failed": _("The provider refused this refund. An alert says why."),
        "sent": _("It is noted as sent."),
    },
    failures={
        "ORDER_NOT_PAID": (
            _("Nobody has paid this order, so there is nothing to give back."),
            NOTHING,
            _("Cancel the order if nobody is to pay it any more."),
        ),
        "REFUND_TOO_MUCH": (
            _("This is more than can be given back, or nothing, or this provider gives back the whole only."),
            _NO_MONEY,
            _("Look at what is left, at the refunds that there are, and at what is disputed."),
        ),
        "REFUND_UNCLEAR": (
            _("It is not clear what is to be given back."),
            _NO_MONEY,
            _("Choose the whole, an amount, or pieces. Goods go back on sale with the whole or with pieces."),
        ),
        "TOO_MANY_PIECES": (
            _("More pieces than were bought, or than are left to give back."),
            _NO_MONEY,
            _("Look at how many were given back already."),
        ),
        "IDEMPOTENCY_KEY_REUSED": (
            _("Another refund was made from this page already."),
            _("That one stands; no second one was made."),
            _("Open the page anew for another refund."),
        ),
        "REFUND_NOT_FAILED": (
            _("There is no such refund that was refused."),
            NOTHING,
            _("One that is on its way is sent again by itself."),
        ),
        "REFUND_NOT_FOUND": (_("There is no such refund."), NOTHING, _("Check the number.")),
        "REFUND_ENDED": (
            _("This refund has ended before, under another reference or without being sent."),
            _("It stays as it was booked."),
            _("Look whether the money was sent twice; if it was, ask the customer for it."),
        ),
    },
)
