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
        path("differences/<str:number>/end", views.end_difference, name="end-difference"),
    ],
    done={
        "confirmed": _("The money is booked. What it means for the order has happened too."),
        "noted": _("It is noted that the evidence was sent."),
        "accepted": _("It may stand, and why is noted. The books are as they were."),
        "booked": _("Our books follow the bill now."),
    },
    failures={
        "PAYMENT_NOT_FOUND": (_("There is no such payment."), NOTHING, _("Check the number.")),
        "DISPUTE_NOT_FOUND": (_("There is no such dispute."), NOTHING, _("Look at the list.")),
        "REASON_MISSING": (_("It is not said why."), NOTHING, _("Say it, for those who read this later.")),
        "DIFFERENCE_SETTLED": (_("This is settled already."), NOTHING, _("Look at the list.")),
        "SETTLE_FIRST": (
            _("This payment has not reached its order yet."),
            NOTHING,
            _("The provider is asked by itself; then fetch the bill of that day again."),
        ),
        "NOT_COVERED": (
            _("The bill gives back more than is left of this payment."),
            NOTHING,
            _("Ask the provider what it gave back; then let it stand, and say why."),
        ),
        "DISPUTE_ENDED": (_("The dispute has ended."), NOTHING, _("There is nothing left to send.")),
    },
)
