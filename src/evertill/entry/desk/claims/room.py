"""Claims: the queue, one claim with its evidence, and the policy of compensation."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.claims import policy, views
from evertill.entry.desk.rooms import Room, Shelf

ROOM = Room(
    name="claims",
    title=_("Claims"),
    shelf=Shelf.ORDERS,
    rank=50,
    permission=Permission.CLAIMS_READ,
    urls=[
        path("", views.index, name="index"),
        path("policy", policy.show, name="policy"),
        path("policy/declare", policy.declare, name="declare"),
        path("<str:number>/", views.show, name="show"),
        path("<str:number>/again", views.look_again, name="again"),
        path("<str:number>/answer", views.answer, name="answer"),
        path("<str:number>/rebuild", views.rebuild, name="rebuild"),
        path("<str:number>/compensate", views.compensate, name="compensate"),
    ],
    done={
        "answered": _("The claim is answered; its customer reads it on the claim's page."),
        "rebuilt": _("The order is back, and held until somebody has looked at it."),
        "again": _("It was looked for once more."),
        "given": _("The compensation is given."),
        "declared": _("The policy is in force."),
    },
    failures={
        "CLAIM_MOVED": (
            _("This claim has been answered or withdrawn."),
            _("The claim stays as it is."),
            _("Look at it again."),
        ),
        "ANSWER_MISSING": (
            _("There is no answer in words."),
            _("The claim still waits."),
            _("Say in a sentence or two what was found, and what happens now."),
        ),
        "ORDER_UNKNOWN": (
            _("The shop has no such order."),
            _("The claim still waits."),
            _("Check the number. A lost order is put back first."),
        ),
        "RECEIPT_NOT_GIVEN": (
            _("This claim has no receipt."),
            _("The claim still waits."),
            _("Ask the customer for the receipt, or look for the order in a backup."),
        ),
        "NOTHING_DUE": (
            _("By the policy nothing is due, or a cap is reached."),
            _("Nothing was given."),
            _("Look at the policy and at what was given before."),
        ),
        "NOT_PROVED": (
            _("Who filed this claim has not proved that the order is his."),
            _("Nothing was given."),
            _("Have him prove his address on the claim's page, or refund: that goes to whoever paid."),
        ),
        "ALREADY_GIVEN": (
            _("Something was given for this order and this cause already."),
            _("It was not given twice."),
            _("Look at what was given."),
        ),
        "POLICY_CHANGED": (
            _("Somebody else has declared another policy meanwhile."),
            _("That one is in force."),
            _("Look at it, and do yours again if it still fits."),
        ),
        "POLICY_INVALID": (
            _("Such a policy cannot be."),
            _("The policy of before is in force."),
            _("Correct the amounts and declare it again."),
        ),
    },
)
