"""Payments that have not ended: confirmed by hand, looked after by the shop, or disputed."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.payments import views
from evertill.entry.desk.rooms import Room, Shelf

_NOTHING = _("Nothing was changed.")

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
        "PAYMENT_NOT_FOUND": (_("There is no such payment."), _NOTHING, _("Check the number.")),
        "NOT_BY_HAND": (
            _("The provider says itself how its payments and refunds stand."),
            _NOTHING,
            _("It is asked by itself, again and again."),
        ),
        "REFERENCE_USED": (
            _("This reference was used before."),
            _("What was booked under it stands."),
            _("Compare with the bank's statement: each movement of money has a reference of its own."),
        ),
        "INVALID_REFERENCE": (
            _("This is no reference."),
            _NOTHING,
            _("Copy it from the bank's statement, or give the number of the receipt."),
        ),
        "INVALID_MONEY": (_("This is no amount."), _NOTHING, _("Write it like 12.50.")),
        "DISPUTE_NOT_FOUND": (_("There is no such dispute."), _NOTHING, _("Look at the list.")),
        "REASON_MISSING": (_("It is not said why."), _NOTHING, _("Say it, for those who read this later.")),
        "DIFFERENCE_SETTLED": (_("This is settled already."), _NOTHING, _("Look at the list.")),
        "SETTLE_FIRST": (
            _("This payment has not reached its order yet."),
            _NOTHING,
            _("The provider is asked by itself; then fetch the bill of that day again."),
        ),
        "NOT_COVERED": (
            _("The bill gives back more than is left of this payment."),
            _NOTHING,
            _("Ask the provider what it gave back; then let it stand, and say why."),
        ),
        "DISPUTE_ENDED": (_("The dispute has ended."), _NOTHING, _("There is nothing left to send.")),
    },
)
