"""Customers: found, looked at on record, and helped as the rules allow."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.customers import views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

ROOM = Room(
    name="customers",
    title=_("Customers"),
    shelf=Shelf.PEOPLE,
    rank=10,
    permission=Permission.CUSTOMERS_READ,
    urls=[
        path("", views.index, name="index"),
        path("<str:number>/", views.show, name="show"),
        path("<str:number>/addresses", views.addresses, name="addresses"),
        path("<str:number>/sign-out", views.sign_out, name="sign-out"),
        path("<str:number>/stop-recovery", views.stop_recovery, name="stop-recovery"),
        path("<str:number>/send-again", views.send_again, name="send-again"),
        path("<str:number>/export", views.export, name="export"),
        path("<str:number>/delete", views.delete, name="delete"),
        path("<str:number>/mentions", views.mentions, name="mentions"),
    ],
    done={
        "signed-out": _("The customer is signed out everywhere, and no browser is trusted any more."),
        "stopped": _("The recovery is stopped, and the customer is told."),
        "not-stopped": _("No recovery was under way."),
        "sent": _("The message is sent again."),
        "deleted": _("The account is deleted, and the customer is told. His orders stay, without a name."),
        "deleted-named": _(
            "The account is deleted, and the customer is told. The audit trail has reasons that name him; the record of"
            " this deletion lists them."
        ),
        "asked": _("Another person is asked to approve this. Once it is approved, do it here again."),
    },
    failures={
        "CUSTOMER_GONE": (
            _("There is no such account any more."),
            NOTHING,
            _("Search for the customer again; the account may have been deleted."),
        ),
        "REQUEST_MISSING": (
            _("It was not said how the customer asked for this."),
            NOTHING,
            _("Say how and when he asked, so that it can be shown: the letter, the ticket, the call."),
        ),
        "WORKS_HERE": (
            _("This account works for the shop."),
            NOTHING,
            _("Whoever runs the shop's machine helps those who work for the shop."),
        ),
        "MESSAGE_NOT_UNDELIVERABLE": (
            _("This message was not given up: it was sent, or it is under way."),
            NOTHING,
            _("Look at the customer's messages again."),
        ),
    },
)
