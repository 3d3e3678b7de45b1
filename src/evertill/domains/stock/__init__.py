"""Stock: how much there is of each SKU, why, and who has a claim on it.

Every change is a typed movement beside a running balance; the balance always equals the sum of its movements.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
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
        lock_items,
        read_items,
        stream_pieces_held,
        stream_pieces_returned,
    )
    from evertill.domains.stock.rules import Allotment, Ask, allot
    from evertill.domains.stock.types import Difference, Item, Kind, Movement, MovementKind

__getattr__ = open_door(__name__)

__all__ = [
    "Allotment",
    "Ask",
    "Difference",
    "Item",
    "Kind",
    "Movement",
    "MovementKind",
    "UnknownStock",
    "allot",
    "ask_to_move",
    "find_differences",
    "find_oversold",
    "find_running_out",
    "hold_items",
    "lock_items",
    "move",
    "open_items",
    "read_items",
    "release",
    "sell",
    "stream_pieces_held",
    "stream_pieces_returned",
    "take_back",
]
