"""Reviews: orders that wait for a person, who has each, and what was decided."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.reviews import views
from evertill.entry.desk.rooms import Room, Shelf
from evertill.entry.desk.words import NOTHING

ROOM = Room(
    name="reviews",
    title=_("Reviews"),
    shelf=Shelf.NOW,
    rank=20,
    permission=Permission.ORDERS_REVIEW,
    urls=[
        path("", views.index, name="index"),
        path("<str:number>/", views.show, name="show"),
        path("<str:number>/take", views.take, name="take"),
        path("<str:number>/ask", views.ask, name="ask"),
        path("<str:number>/decide", views.decide, name="decide"),
    ],
    done={
        "taken": _("You have this review now."),
        "approved": _("Approved: the goods may go."),
        "refused": _("Refused: the order is cancelled, or its goods stay here; no money went back with it."),
        "refused-succeeded": _("Refused: the goods stay here, and the money is on its way back."),
        "refused-requested": _(
            "Refused: the goods stay here. The refund is promised; it goes when the provider answers."
        ),
        "refused-failed": _("Refused: the goods stay here. The provider did not take the refund; an alert says why."),
        "asked": _("The customer is asked. The review waits for the answer; anybody may take and decide it meanwhile."),
        "given-back": _("Anybody may take this review now."),
    },
    failures={
        "REVIEW_HELD": (
            _("Another person has this review."),
            NOTHING,
            _("Ask that person, or wait until the time is over."),
        ),
        "REVIEW_ENDED": (
            _("This review is decided already."),
            _("What was decided stands."),
            _("Look at the order; have it reviewed again if that is needed."),
        ),
        "REVIEW_NOT_TAKEN": (
            _("This review is not yours, or your time is over."),
            NOTHING,
            _("Take the review, and decide it then."),
        ),
        "ORDER_PAID_MEANWHILE": (
            _("The order was paid at this moment."),
            NOTHING,
            _("Look at it again: refusing it now gives the money back."),
        ),
        "NOTHING_TO_REFUND": (
            _("Refusing this order gives nothing back."),
            NOTHING,
            _("Refuse the order without asking."),
        ),
        "CODES_DELIVERED": (
            _("Its codes were given to the customer already."),
            NOTHING,
            _("Refuse the order without putting its goods back on sale."),
        ),
        "TEXT_UNFIT": (
            _("The question is empty, or too long."),
            NOTHING,
            _("Write something, in no more characters than the form takes."),
        ),
        "TOO_MANY_QUESTIONS": (
            _("The customer was asked about this order as often as anybody may be."),
            NOTHING,
            _("Decide by what is known, or call the customer."),
        ),
        "REVIEW_NOT_FOUND": (_("This order was never to be reviewed."), NOTHING, _("Look at the order's number.")),
    },
)
