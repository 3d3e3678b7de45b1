"""What alerts say to whoever works here: what it is, what to do about it, and where."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.journeys.watch_alerts import Kind

Told = tuple[Promise | str, Promise | str, str]

_RESTORE = _("Look at it together with whoever runs the machine: backups and restores are done there.")
_ANY: Told = (_("Something needs somebody"), _("Look into it, set right what is wrong, then close this."), "")
_TOLD: Mapping[str, Told] = {
    Kind.REFUND_REFUSED: (
        _("A refund was refused"),
        _("Ask the provider why. Once that is set right, ask for the refund again; that closes this."),
        "desk:refunds:index",
    ),
    Kind.RECONCILIATION_OPEN: (
        _("The provider's bill and the books differ"),
        _("Compare that day's bill, and settle each difference."),
        "",
    ),
    Kind.BILL_UNAVAILABLE: (
        _("The provider's bill could not be fetched"),
        _("See whether the provider works. This closes by itself when the bill has come."),
        "",
    ),
    Kind.DISPUTE_OPENED: (
        _("A customer disputes a payment"),
        _("Hand over no goods, send the provider what proves the sale before it is due, and note it."),
        "desk:payments:index",
    ),
    Kind.DISPUTE_LOST: (
        _("A dispute was lost"),
        _("The money is gone. If the goods were not handed over, put them back on sale; otherwise close this."),
        "desk:payments:index",
    ),
    Kind.DISPUTE_UNCLEAR: (
        _("A provider contradicts itself about a dispute"),
        _("Look the dispute up at the provider, and close this when the money is accounted for."),
        "desk:payments:index",
    ),
    Kind.SUBMISSION_OPEN: (
        _("Customers could not order"),
        _("Finish each failed checkout, or close it. This closes by itself with the last one."),
        "desk:submissions:index",
    ),
    Kind.MESSAGE_UNDELIVERABLE: (
        _("A customer could not be told"),
        _("Tell him in another way and close this, or have the message sent again."),
        "",
    ),
    Kind.TRAIL_BROKEN: (
        _("The audit trail is not as it was written"),
        _("Find out who had access to the database, and keep a copy of it before anything else."),
        "desk:trail:index",
    ),
    Kind.JOURNAL_BROKEN: (
        _("The journal of orders was written anew"),
        _("Find out who had access to the database, and keep a copy of it before anything else."),
        "",
    ),
    Kind.BACKUP_TARGET_AWAY: (_("Backups cannot be sent"), _RESTORE, ""),
    Kind.BACKUP_LOG_GAP: (_("Some moments cannot be restored"), _RESTORE, ""),
    Kind.BACKUP_FAILED: (_("A backup failed"), _RESTORE, ""),
    Kind.BACKUP_DAMAGED: (_("A backup is damaged"), _RESTORE, ""),
    Kind.BACKUP_KEY_UNCONFIRMED: (_("The key of the backups is kept nowhere else"), _RESTORE, ""),
    Kind.DRILL_FAILED: (_("A restore was tried and failed"), _RESTORE, ""),
    Kind.RESTORED_WITHOUT_CONSENT: (
        _("The shop was restored without consent"),
        _("Look at each step in the audit trail; close this when that is how it was."),
        "desk:trail:index",
    ),
}


def tell(kind: str) -> Told:
    """This function will say what an alert of a kind is, what to do about it, and in which room, "" for none."""
    return _TOLD.get(kind, _ANY)


# What can be done to many things, as the pages of bulks say it.
BULK = (_("Close alerts"),)
