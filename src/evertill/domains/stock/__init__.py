"""Stock: how much there is of each SKU, why, and who has a claim on it.

Every change is a typed movement beside a running balance; the balance always equals the sum of its movements.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.stock import changes
    from evertill.domains.stock.operations import (
        UnknownStock,
        ask_to_move,
        move,
        open_items,
        release,
        sell,
        take_back,
    )
    from evertill.domains.stock.queries import (
        find_differences,
        find_oversold,
        find_running_out,
        hold_items,
        list_items,
        lock_items,
        read_items,
        stream_pieces_held,
        stream_pieces_returned,
    )
    from evertill.domains.stock.rules import PIECES_MAX, RIGHTS, Allotment, Ask, allot, fault_of_change, quantity_of
    from evertill.domains.stock.types import Change, ChangeKind, Difference, Item, Kind, Movement, MovementKind, Said

__getattr__ = open_door(__name__)

__all__ = [
    "PIECES_MAX",
    "RIGHTS",
    "Allotment",
    "Ask",
    "Change",
    "ChangeKind",
    "Difference",
    "Item",
    "Kind",
    "Movement",
    "MovementKind",
    "Said",
    "UnknownStock",
    "allot",
    "ask_to_move",
    "changes",
    "fault_of_change",
    "find_differences",
    "find_oversold",
    "find_running_out",
    "hold_items",
    "list_items",
    "lock_items",
    "move",
    "open_items",
    "quantity_of",
    "read_items",
    "release",
    "sell",
    "stream_pieces_held",
    "stream_pieces_returned",
    "take_back",
]
