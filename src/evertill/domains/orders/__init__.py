"""Orders: what customers asked for and the shop acknowledged, and what became of it."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.orders.operations import (
        NumberTaken,
        ask_to_change_state,
        change_state,
        claim_keys,
        lock_due,
        lock_expired,
        lock_order,
        record,
    )
    from evertill.domains.orders.queries import (
        find_by_keys,
        find_history_differences,
        find_pieces,
        find_total_differences,
        read_lines,
        read_orders,
        stream_paid,
        stream_pieces_held,
    )
    from evertill.domains.orders.rules import pieces_by_sku
    from evertill.domains.orders.tokens import access_token, opens
    from evertill.domains.orders.types import Due, Keyed, Line, Order, State

__getattr__ = open_door(__name__)

__all__ = [
    "Due",
    "Keyed",
    "Line",
    "NumberTaken",
    "Order",
    "State",
    "access_token",
    "ask_to_change_state",
    "change_state",
    "claim_keys",
    "find_by_keys",
    "find_history_differences",
    "find_pieces",
    "find_total_differences",
    "lock_due",
    "lock_expired",
    "lock_order",
    "opens",
    "pieces_by_sku",
    "read_lines",
    "read_orders",
    "record",
    "stream_paid",
    "stream_pieces_held",
]
