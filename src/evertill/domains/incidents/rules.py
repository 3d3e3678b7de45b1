"""What somebody is to do about an alert."""

from __future__ import annotations

from collections.abc import Mapping

from evertill.domains.incidents.types import Kind

_REMEDIES: Mapping[str, str] = {
    Kind.REFUND_REFUSED: (
        "The provider will not give this money back. Ask it why; once that is set right, `evertill orders refund-again`"
        " asks anew and closes this."
    ),
    Kind.RECONCILIATION_OPEN: (
        "The provider's bill and the ledger differ. Run `evertill reconcile` for that day and provider, and do what it"
        " suggests for each difference."
    ),
    Kind.BILL_UNAVAILABLE: (
        "The provider's bill of that day could not be fetched for a whole day. See whether the provider works, and run"
        " `evertill reconcile` for that day and provider; this closes by itself when the bill has come."
    ),
    Kind.DISPUTE_OPENED: (
        "A customer has asked his bank for his money. Hand over no goods, send the provider what proves the sale before"
        " it is due, and note it with `evertill disputes evidence-sent`. This closes by itself when the dispute ends."
    ),
    Kind.DISPUTE_LOST: (
        "The money of this order is gone, and the order stays held. If its goods were not handed over, put them back on"
        " sale with `evertill disputes restock`, which closes this; otherwise close it."
    ),
    Kind.DISPUTE_UNCLEAR: (
        "A provider takes back what it told of a dispute before, and the books keep the first word. Look the dispute up"
        " at the provider, run `evertill reconcile` for the day, and close this when the money is accounted for."
    ),
    Kind.SUBMISSION_OPEN: (
        "A customer could not order through a fault of the shop's, and agreed that it is kept. `evertill submissions`"
        " lists what; finish each or close it. This closes by itself with the last one."
    ),
    Kind.MESSAGE_UNDELIVERABLE: (
        "A customer could not be told. `evertill messages list --texts` shows what; tell him in another way and close"
        " this, or have it sent again by `evertill messages retry`."
    ),
    Kind.TRAIL_BROKEN: (
        "The audit trail is not as it was written. Run `evertill audit-trail verify`. If the database was restored from"
        " a backup, accept what is gone with `evertill audit-trail accept-cut`; otherwise keep a copy of the database"
        " and of the data folder, and find out who had access to it."
    ),
    Kind.JOURNAL_BROKEN: (
        "The chain of receipts and of what became of orders is another one than was noted. Run `evertill audit`, keep a"
        " copy of the database, of the data folder and of the shop's log, and find out who had access to the database."
    ),
    Kind.BACKUP_TARGET_AWAY: (
        "Backups cannot be sent, and the database keeps its log on this machine's disk meanwhile. See that the target"
        " can be reached, has room and takes our credentials; this closes by itself when it takes backups again."
    ),
    Kind.BACKUP_LOG_GAP: (
        "The target was away for longer than the database could keep its log. The moments in between cannot be"
        " restored; a full backup begins anew by itself, and closes this."
    ),
    Kind.BACKUP_FAILED: (
        "Do what its words say. It is tried again by itself, and closes this when a backup has worked;"
        " `evertill backup now` tries at once."
    ),
    Kind.BACKUP_DAMAGED: (
        "What lies at the target is not what was sent there. Look after its disks and after who may write to it, take a"
        " full backup with `evertill backup now --full`, then look again with `evertill backup verify`, which closes"
        " this."
    ),
    Kind.BACKUP_KEY_UNCONFIRMED: (
        "Nobody has shown that the key of the backups is kept outside this machine. If it burns, the backups cannot be"
        " read. Print the key with `evertill backup key`, store it, and say so with `evertill backup key --confirm`."
    ),
    Kind.DRILL_FAILED: (
        "A restore was tried and did not give a sound shop. Look at its certificate with `evertill drill list`, set"
        " right what it names, and try again with `evertill drill restore`; one that passes closes this."
    ),
    Kind.RESTORED_WITHOUT_CONSENT: (
        "Who has the machine put a restored shop in the place of this one, because its database could not be opened for"
        " anybody to consent. Look at each step in the audit trail, under the operation `backups.restore`, and at the"
        " folder that was kept; close this when that is how it was."
    ),
}
_ANY = "Look into it, set right what is wrong, then close this."


def remedy(kind: str) -> str:
    """This function will say, in a sentence or two, what is to be done about an alert of this kind."""
    return _REMEDIES.get(kind, _ANY)
