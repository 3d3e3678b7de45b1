"""How a bulk and each of its things stand, and why one was not done, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.orders import State
from evertill.entry.desk import failures
from evertill.entry.desk.words import ORDER_STATES
from evertill.journeys.view_bulk import Item, ItemState
from evertill.journeys.view_bulk import State as BulkState

STATES: Mapping[BulkState, tuple[Promise | str, str]] = {
    BulkState.DRAFT: (_("Not begun"), "wait"),
    BulkState.RUNNING: (_("Under way"), "wait"),
    BulkState.DONE: (_("Through"), "good"),
    BulkState.CANCELLED: (_("Cancelled"), ""),
    BulkState.STOPPED: (_("Stopped: who began it may not do this any more"), "bad"),
}
ITEM_STATES: Mapping[ItemState, tuple[Promise | str, str]] = {
    ItemState.WAITING: (_("Will be done"), ""),
    ItemState.REFUSED: (_("Will not be tried"), "bad"),
    ItemState.DONE: (_("Done"), "good"),
    ItemState.FAILED: (_("Failed"), "bad"),
    ItemState.CANCELLED: (_("Not done"), ""),
}
# Why a thing was not done, where the journey's own words would not be understood.
REASONS: Mapping[str, Promise | str] = {
    "CHANGED_MEANWHILE": _("Somebody else has changed this meanwhile, so it is left as it is."),
    "STOCK_IMPOSSIBLE": _("Pieces of it are promised to customers, so this cannot be."),
    "SOLD_BY_CODES": _("This is sold by codes: its pieces are the codes that are there."),
    "UNKNOWN_SKU": _("There is no such SKU."),
    "UNKNOWN_PRODUCT": _("There is no such product."),
    "PRODUCT_INCOMPLETE": _("This cannot be saved so."),
    "APPROVAL_REQUIRED": _("Another person has to approve this first."),
    "FORBIDDEN": _("You may not do this."),
    "INTERNAL": _("The shop failed at this; its log says how."),
}
_ANY = _("The shop could not do this; its log says more, under %(code)s.")
# Where the words of a room are about the things of a bulk: by what its operation is about.
_ROOMS: Mapping[str, str] = {
    "order": "orders",
    "price": "prices",
    "product": "catalogue",
    "stock": "stock",
    "alert": "alerts",
}


def word_of(text: str, *, kind: str) -> Promise | str:
    """This function will say what a thing of a bulk was or will be; all but orders as it stands in a table."""
    return ORDER_STATES[State(text)][0] if kind == "order" and text in list(State) else text


def note_of(item: Item, *, kind: str, language: str) -> str:
    """This function will say what came of a thing of a bulk, or why it was not done."""
    if not item.code:
        return str(word_of(item.note, kind=kind))
    if language == "en":
        # The journeys say more of it, in English.
        return item.note
    said = REASONS.get(item.code) or failures.sentence_of(item.code, room=_ROOMS.get(kind, ""))
    return str(said or str(_ANY) % {"code": item.code})
