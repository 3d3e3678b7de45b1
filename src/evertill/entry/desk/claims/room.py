"""Claims: the queue, one claim with its evidence, and the policy of compensation."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.claims import backups, policy, views
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
        path("<str:number>/backups", backups.show, name="backups"),
        path("<str:number>/search", backups.search, name="search"),
        path("<str:number>/recover", backups.recover, name="recover"),
        path("<str:number>/compensate", views.compensate, name="compensate"),
    ],
    done={
        "answered": _("The claim is answered; its customer reads it on the claim's page."),
        "rebuilt": _("The order is back, and held until somebody has looked at it."),
        "searching": _("The backups are searched as soon as the backup or drill that runs has ended."),
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
        "SEARCH_WAITS": (
            _("The backups are being searched for this already, or too much else waits."),
            _("What waits is searched for, one after the other."),
            _("Wait until it has ended; this page shows how far it is."),
        ),
        "SEARCH_NOT_FOUND": (
            _("This search found no such order, or what it found is forgotten."),
            _("The claim still waits."),
            _("Search the backups again."),
        ),
        "ORDER_KEPT": (
            _("The shop has this order."),
            _("It stays as it is."),
            _("Answer the claim with it."),
        ),
        "GOODS_GONE": (
            _("Goods of the order have been promised to others since."),
            _("Nothing was put back."),
            _("Correct the stock if there are more of them, or settle with the customer what he paid."),
        ),
        "CONTACT_DIFFERS": (
            _("The order was placed with another address or number."),
            _("Nothing was put back."),
            _("Have the customer file a claim that names each that he gave when he ordered, and no other."),
        ),
        "PLACED_AGAIN": (
            _("The customer's request was placed again since, under another number."),
            _("Nothing was put back; he would get two."),
            _("Answer the claim with that order."),
        ),
        "ACCOUNT_GONE": (
            _("The customer has deleted his account since."),
            _("His order stays forgotten."),
            _("Settle with him what he paid."),
        ),
        "ORDER_OVER": (
            _("In the backup the money of this order did not come out even."),
            _("Nothing was put back."),
            _("Do what the search says by hand, with its amounts, and tell the customer what the backup shows."),
        ),
        "MONEY_RETURNED": (
            _("Some of what was paid for this order has gone back."),
            _("Nothing was put back."),
            _("Look at its payments and refunds, and settle the rest with the customer."),
        ),
        "BILLED_UNKNOWN": (
            _("No bill has this line any more."),
            _("Nothing was put back."),
            _("Look for the claim's order once more, and choose again."),
        ),
        "BILLED_DIFFERS": (
            _("This line of the bill is of another amount than the order."),
            _("Nothing was put back."),
            _("Choose the line of this order's payment, or none."),
        ),
        "BILLED_TAKEN": (
            _("This line of the bill is of the payment of another order."),
            _("Nothing was put back."),
            _("Look at that order: the customer may have ordered twice."),
        ),
        "BILLED_BOOKED": (
            _("The books have this money already, by a correction."),
            _("Nothing was put back."),
            _("Have whoever keeps the books take the correction back first."),
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
