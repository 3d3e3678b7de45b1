"""What crosses the boundary of incidents."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec

from evertill.kernel.said import Said, unpack


class Kind(StrEnum):
    """What an alert is about; its subject says which one."""

    # Subject: the refund's number.
    REFUND_REFUSED = "REFUND_REFUSED"
    # Subject: the provider and the day.
    RECONCILIATION_OPEN = "RECONCILIATION_OPEN"
    # Subject: as above.
    BILL_UNAVAILABLE = "BILL_UNAVAILABLE"
    # Subject of these three: the provider, and its id of the dispute.
    DISPUTE_OPENED = "DISPUTE_OPENED"
    DISPUTE_LOST = "DISPUTE_LOST"
    DISPUTE_UNCLEAR = "DISPUTE_UNCLEAR"
    # Subject: always the same; how many there are is told by their own list.
    SUBMISSION_OPEN = "SUBMISSION_OPEN"
    # Subject: what the message was about.
    MESSAGE_UNDELIVERABLE = "MESSAGE_UNDELIVERABLE"
    # Subject: the trail as a whole.
    TRAIL_BROKEN = "TRAIL_BROKEN"
    # Subject: the journal of orders as a whole.
    JOURNAL_BROKEN = "JOURNAL_BROKEN"
    # Subject: where backups go.
    BACKUP_TARGET_AWAY = "BACKUP_TARGET_AWAY"
    # Subject of these: the line of backups.
    BACKUP_LOG_GAP = "BACKUP_LOG_GAP"
    BACKUP_FAILED = "BACKUP_FAILED"
    BACKUP_DAMAGED = "BACKUP_DAMAGED"
    # Subject: the fingerprint of the key of the backups.
    BACKUP_KEY_UNCONFIRMED = "BACKUP_KEY_UNCONFIRMED"
    # Subject: the line of backups.
    DRILL_FAILED = "DRILL_FAILED"
    # Subject: the line from which the shop was restored.
    RESTORED_WITHOUT_CONSENT = "RESTORED_WITHOUT_CONSENT"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An open alert. `times` says how often its cause was seen, the last time at `last_at`; `detail` is of then."""

    id: int
    kind: str
    subject: str
    detail: str
    raised_at: dt.datetime
    times: int
    last_at: dt.datetime
    # The code of the detail and what was put into it, as they are kept; "" for a detail that is shown as it is.
    told: str = ""

    @property
    def said(self) -> Said:
        """The detail, to be told in its reader's language."""
        return unpack(self.detail, self.told)
