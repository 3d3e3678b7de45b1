"""Disputes: money that a customer has asked his bank to take back, until the provider says who has won.

Each is known by its provider's name and the provider's id of it. What it means for payments, orders and the ledger is
for journeys to say.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.disputes.operations import amend, claim_payments, move, record
    from evertill.domains.disputes.queries import (
        find,
        find_history_differences,
        lock_disputes,
        read_disputes,
        read_held,
        read_open,
        stream_booked,
        stream_holding,
    )
    from evertill.domains.disputes.rules import follow, held, is_news, is_open, may_move, objection
    from evertill.domains.disputes.types import Dispute, HistoryDifference, NewDispute, Standing, State, Told

__getattr__ = open_door(__name__)

__all__ = [
    "Dispute",
    "HistoryDifference",
    "NewDispute",
    "Standing",
    "State",
    "Told",
    "amend",
    "claim_payments",
    "find",
    "find_history_differences",
    "follow",
    "held",
    "is_news",
    "is_open",
    "lock_disputes",
    "may_move",
    "move",
    "objection",
    "read_disputes",
    "read_held",
    "read_open",
    "record",
    "stream_booked",
    "stream_holding",
]
