"""Payments that have not ended: confirmed by hand, looked after by the shop, or disputed."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.payments import views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

ROOM = Room(
    name="payments",
    title=_("Payments"),
    shelf=Shelf.ORDERS,
    rank=40,
    permission=Permission.PAYMENTS_READ,
    urls=[
        path("", views.index, name="index"),
        path("<str:number>/confirm", views.confirm, name="confirm"),
        path("evidence", views.evidence, name="evidence"),
    ],
    done={
        "confirmed": _("The money is booked. What it means for the order has happened too."),
        "noted": _("It is noted that the evidence was sent."),
    },
    failures={
        "PAYMENT_NOT_FOUND": (_("There is no such payment."), NOTHING, _("Check the number.")),
        "DISPUTE_NOT_FOUND": (_("There is no such dispute."), NOTHING, _("Look at the list.")),
        "DISPUTE_ENDED": (_("The dispute has ended."), NOTHING, _("There is nothing left to send.")),
    },
)
