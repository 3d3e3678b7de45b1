"""Words that several rooms of the desk need: how things stand, roles, permissions, scopes; in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import MEANINGS, PERMISSIONS, Permission, Scope
from evertill.domains.disputes import State as DisputeState
from evertill.domains.orders import State as OrderState
from evertill.domains.payments import RefundState

# What a state is called, and how it looks: "good", "wait", "bad" or "".
Told = tuple[Promise | str, str]

# What most failures leave as it was.
NOTHING = _("Nothing was changed.")

ORDER_STATES: Mapping[OrderState, Told] = {
    OrderState.PLACED: (_("Waits for payment"), "wait"),
    OrderState.PAID: (_("Paid"), "good"),
    OrderState.REFUNDED: (_("Refunded"), ""),
    OrderState.CANCELLED: (_("Cancelled"), ""),
    OrderState.EXPIRED: (_("Expired"), ""),
}
REFUND_STATES: Mapping[RefundState, Told] = {
    RefundState.REQUESTED: (_("On its way"), "wait"),
    RefundState.SUCCEEDED: (_("Given back"), "good"),
    RefundState.FAILED: (_("Refused"), "bad"),
}
DISPUTE_STATES: Mapping[DisputeState, Told] = {
    DisputeState.OPENED: (_("Opened"), "wait"),
    DisputeState.EVIDENCE_DUE: (_("Evidence is due"), "wait"),
    DisputeState.EVIDENCE_SENT: (_("Evidence was sent"), "wait"),
    DisputeState.WON: (_("Won by the shop"), "good"),
    DisputeState.LOST: (_("Lost by the shop"), "bad"),
}
# What money that came for an order meant.
ENDINGS: Mapping[str, Promise | str] = {
    "MATCHED": _("It bought the order"),
    "OVERPAID": _("More than the price; the rest goes back"),
    "LATE": _("It came late, and bought the order"),
    "UNDERPAID": _("Less than the price; it goes back"),
    "WRONG_CURRENCY": _("Another currency; it goes back"),
    "PAID_TWICE": _("The order was paid already; it goes back"),
    "UNDELIVERABLE": _("The order had ended and its goods are gone; it goes back"),
}
# Why an order is reviewed by a person.
REVIEW_REASONS: Mapping[str, Promise | str] = {
    "AMOUNT": _("Its amount"),
    "STAFF": _("Staff asked for it"),
    "RISK": _("Its risk"),
    "CANCELLED": _("Paid after it was cancelled"),
    "LATE": _("Paid after it had expired"),
    "MONEY": _("Money that bought nothing"),
    "DISPUTE": _("A dispute"),
}
_ROLES: Mapping[str, Promise | str] = {
    "support": _("Support"),
    "fulfilment": _("Fulfilment"),
    "finance": _("Finance"),
    "risk-reviewer": _("Risk reviewer"),
    "auditor": _("Auditor"),
    "administrator": _("Administrator"),
    "owner": _("Owner"),
}


def role(name: str) -> str:
    """This function will return what people call a role; one of the shop's own has the name that it was given."""
    return str(_ROLES.get(name, name))


def permission(name: Permission) -> str:
    """This function will say what a permission allows: its sentence in the one table, in the reader's language."""
    return gettext(PERMISSIONS[name].says)


def scope(name: Scope) -> str:
    """This function will say what a scope lets a program do: its sentence in the table, in the reader's language."""
    return gettext(MEANINGS[name])
