"""Checkouts that failed through the shop's fault, finished by hand with their customers' consent."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.submissions import making, views
from evertill.entry.desk.words import NOTHING

_NO_ORDER = _("No order was made.")

ROOM = Room(
    name="submissions",
    title=_("Failed checkouts"),
    shelf=Shelf.ORDERS,
    rank=30,
    permission=Permission.ORDERS_READ,
    urls=[
        path("", views.index, name="index"),
        path("new", making.new, name="new"),
        path("<str:number>/", views.show, name="show"),
        path("<str:number>/take", views.take, name="take"),
        path("<str:number>/drop", views.drop, name="drop"),
        path("<str:number>/make", views.make, name="make"),
        path("<str:number>/discard", views.discard, name="discard"),
    ],
    done={
        "taken": _("You have it now. Others see that."),
        "dropped": _("It is free for others again."),
        "discarded": _("It is closed."),
        "made": _("The order is made, and the customer is told how to pay it."),
        "found": _("The customer had ordered himself meanwhile. This is his order; no second one was made."),
    },
    failures={
        "SUBMISSION_NOT_FOUND": (
            _("Nothing is kept under this reference."),
            NOTHING,
            _("Check the reference. What was kept is removed on the day that its customer was told."),
        ),
        "ALREADY_ENDED": (
            _("This has an order already, or was closed."),
            _("It stays as it is, and no second order was made."),
            _("Look at it once more."),
        ),
        "TAKEN_BY_ANOTHER": (
            _("Somebody else is at this."),
            NOTHING,
            _("Talk to that person, or take it over."),
        ),
        "CONSENT_MISSING": (
            _("It is not said how and when the customer agreed."),
            _NO_ORDER,
            _("Ask the customer first, then say how and when he agreed."),
        ),
        "PRICE_CHANGED": (
            _("The prices are no longer those that this page showed."),
            _NO_ORDER,
            _("Look at the new total, and ask the customer whether he agrees to it."),
        ),
        "SOLD_OUT": (
            _("There is not enough left of all of it."),
            _NO_ORDER,
            _("Make an order of what is left if the customer wants that, and close this one."),
        ),
        "UNKNOWN_SKU": (_("Something of this is not for sale."), _NO_ORDER, _("Check the SKUs.")),
        "WRONG_CURRENCY": (
            _("Something of this has no price in that currency."),
            _NO_ORDER,
            _("Choose another currency."),
        ),
        "LINES_UNCLEAR": (
            _("What is to be ordered is not understood."),
            _NO_ORDER,
            _("Write one line for each SKU, with how many: TEA-50 × 3."),
        ),
        "CONTACT_MISSING": (
            _("Nobody could be told what becomes of the order."),
            _NO_ORDER,
            _("Ask for an email address or a telephone number."),
        ),
        "EMAIL_WRONG": (_("This is no email address."), _NO_ORDER, _("Ask for it once more.")),
        "PHONE_WRONG": (_("This is no telephone number."), _NO_ORDER, _("Ask for it once more.")),
        "IDEMPOTENCY_KEY_IN_FLIGHT": (
            _("The customer is trying again himself at this moment."),
            _("One order comes of it at most."),
            _("Look at it again in a minute."),
        ),
    },
)
