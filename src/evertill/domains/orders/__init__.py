"""Orders: what customers asked for and the shop acknowledged, and what became of it."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.orders.operations import (
        NumberTaken,
        change_state,
        claim_keys,
        extend_reservation,
        finish_return,
        hold,
        lock_expired,
        lock_order,
        lock_orders,
        promise_return,
        ready_to_fulfil,
        record,
        release_holds,
    )
    from evertill.domains.orders.queries import (
        find_by_keys,
        find_history_differences,
        find_holds,
        find_return_differences,
        find_total_differences,
        read_lines,
        read_orders,
        read_returns,
        stream_disputed_holds,
        stream_paid,
        stream_pieces_held,
        stream_pieces_restocked,
    )
    from evertill.domains.orders.rules import (
        AmbiguousLine,
        TooManyPieces,
        UnknownLine,
        choose_pieces,
        pieces_by_sku,
        pieces_left,
    )
    from evertill.domains.orders.tokens import access_token, opens
    from evertill.domains.orders.types import (
        AskedReturn,
        Hold,
        HoldReason,
        Keyed,
        Line,
        Order,
        Pieces,
        Return,
        State,
    )

__getattr__ = open_door(__name__)

__all__ = [
    "AmbiguousLine",
    "AskedReturn",
    "Hold",
    "HoldReason",
    "Keyed",
    "Line",
    "NumberTaken",
    "Order",
    "Pieces",
    "Return",
    "State",
    "TooManyPieces",
    "UnknownLine",
    "access_token",
    "change_state",
    "choose_pieces",
    "claim_keys",
    "extend_reservation",
    "find_by_keys",
    "find_history_differences",
    "find_holds",
    "find_return_differences",
    "find_total_differences",
    "finish_return",
    "hold",
    "lock_expired",
    "lock_order",
    "lock_orders",
    "opens",
    "pieces_by_sku",
    "pieces_left",
    "promise_return",
    "read_lines",
    "read_orders",
    "read_returns",
    "ready_to_fulfil",
    "record",
    "release_holds",
    "stream_disputed_holds",
    "stream_paid",
    "stream_pieces_held",
    "stream_pieces_restocked",
]
