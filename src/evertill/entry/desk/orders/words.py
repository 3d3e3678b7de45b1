"""What happened to an order, in the words of whoever works here."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.entry.desk.failures import refusal
from evertill.entry.desk.telling import tell_all
from evertill.entry.desk.words import ENDINGS, REVIEW_REASONS
from evertill.journeys.tell_story import Line

HOLDS: Mapping[str, Promise | str] = {
    "DISPUTE_OPEN": _("A dispute about its payment is open"),
    "DISPUTE_LOST": _("A dispute took the money back"),
    "REVIEW": _("It waits for review"),
    "STAFF": _("Staff keep it here"),
    "REBUILT": _("It was put back from its receipt"),
}
# By part and word: what it is called, and how it looks.
_TOLD: Mapping[tuple[str, str], tuple[Promise | str, str]] = {
    ("order", "order.placed"): (_("Ordered"), ""),
    ("order", "order.paid"): (_("Paid: the goods are bought"), "good"),
    ("order", "order.refunded"): (_("All money went back"), ""),
    ("order", "order.cancelled"): (_("Cancelled; the goods are back on sale"), "bad"),
    ("order", "order.expired"): (_("Not paid in time; the goods are back on sale"), "bad"),
    ("order", "receipt.rebuilt"): (_("Put back from its receipt"), "wait"),
    ("payment", "CREATED"): (_("Began to pay"), ""),
    ("payment", "PENDING"): (_("The provider waits for the customer"), ""),
    ("payment", "AUTHORIZED"): (_("The bank agreed"), ""),
    ("payment", "CAPTURED"): (_("The provider took the money"), "good"),
    ("payment", "FAILED"): (_("The payment failed"), "bad"),
    ("payment", "CANCELLED"): (_("The payment was given up"), "bad"),
    ("refund", "REQUESTED"): (_("A refund was asked for"), "wait"),
    ("refund", "SUCCEEDED"): (_("The refund was paid out"), "good"),
    ("refund", "FAILED"): (_("The refund failed"), "bad"),
    ("dispute", "OPENED"): (_("The customer's bank asked for the money back"), "bad"),
    ("dispute", "WON"): (_("The dispute was won"), "good"),
    ("dispute", "LOST"): (_("The dispute was lost"), "bad"),
    ("message", "WAITING"): (_("A message waits to be sent"), "wait"),
    ("message", "SENT"): (_("A message was sent"), ""),
    ("message", "UNDELIVERABLE"): (_("A message could not be sent"), "bad"),
    ("review", "WAITING"): (_("Waits for review"), "wait"),
    ("review", "TAKEN"): (_("Somebody took the review"), ""),
    ("review", "ASKED"): (_("The customer was asked"), "wait"),
    ("review", "ANSWERED"): (_("The customer answered"), "good"),
    ("review", "APPROVED"): (_("The review approved it"), "good"),
    ("review", "REFUSED"): (_("The review refused it"), "bad"),
    ("review", "GONE"): (_("The review ended by itself"), ""),
    ("note", "note"): (_("A note"), ""),
}
_ACTS: Mapping[str, Promise | str] = {
    "orders.cancel": _("Staff cancelled it"),
    "orders.hold": _("Staff had its goods kept here"),
    "orders.release": _("Staff let its goods go"),
    "orders.refund": _("Staff gave money back"),
    "orders.note": _("Staff wrote a note"),
    "orders.ask_review": _("Staff had it reviewed"),
    "orders.take_review": _("Staff took its review"),
    "orders.approve_review": _("Staff approved it"),
    "orders.refuse_review": _("Staff refused it"),
    "orders.ask_customer": _("Staff asked the customer"),
    "orders.give_back_review": _("Staff gave its review back"),
}


# What the shop itself writes as the reason of a step; its words are their own code.
_BY_ITSELF: Mapping[str, Promise | str] = {
    # That it was asked for is what its own line says.
    "asked for": "",
    "told by the provider": _("told by the provider"),
    "the provider never heard of it": _("the provider never heard of it"),
    "nothing was authorised": _("nothing was authorised"),
    "nobody confirmed the money in time": _("nobody confirmed the money in time"),
    "closed": _("closed"),
    "as the backup has it": _("as the backup has it"),
    "the money has gone back": _("the money has gone back"),
}
_BY_BILL = "told by the bill: "


# What can be done to many orders says it itself, in its journey; here it is translated.
IN_BULK = (_("Cancel orders that nobody has paid"),)


def reason(line: Line) -> str:
    """This function will return why something happened: as staff, customer or provider said, or in the shop's words."""
    if line.part == "refused":
        return refusal(line.text)
    if line.part == "review":
        return str(REVIEW_REASONS.get(line.text) or _BY_ITSELF.get(line.text) or tell_all(line.text, line.told))
    if line.text.startswith(_BY_BILL):
        return str(_("told by the bill: %(name)s")) % {"name": line.text.removeprefix(_BY_BILL)}
    if line.part == "payment" and line.text in ENDINGS:
        return str(ENDINGS[line.text])
    return str(_BY_ITSELF.get(line.text, line.text))


def told(line: Line) -> tuple[str, str]:
    """This function will say what happened, and how it looks: "good", "wait", "bad" or ""."""
    if line.part == "held":
        return str(_("Held: %(why)s") % {"why": HOLDS.get(line.what, line.what)}), "wait"
    if line.part == "released":
        return str(_("Not held any more: %(why)s") % {"why": HOLDS.get(line.what, line.what)}), "good"
    if line.part == "staff":
        return str(_ACTS.get(line.what, line.what)), ""
    if line.part == "refused":
        return str(_("Tried, and not allowed: %(what)s") % {"what": _ACTS.get(line.what, line.what)}), "bad"
    known = _TOLD.get((line.part, line.what))
    return (str(known[0]), known[1]) if known else (line.what, "")
