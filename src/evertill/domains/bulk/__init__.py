"""Bulk: one operation on many things, looked at before it begins, done one by one, and counted.

What an operation does is for journeys to say.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.bulk.operations import (
        BulkNotOpen,
        cancel,
        claim,
        claim_fresh,
        confirm,
        end_item,
        end_items,
        end_when_done,
        lock_item,
        lock_items,
        make,
        postpone,
        remove_old,
        stop,
    )
    from evertill.domains.bulk.queries import count_open_of, find, list_latest, read_items, read_progress, read_running
    from evertill.domains.bulk.rules import measure
    from evertill.domains.bulk.types import Bulk, Item, ItemState, NewBulk, NewItem, Progress, State

__getattr__ = open_door(__name__)

__all__ = [
    "Bulk",
    "BulkNotOpen",
    "Item",
    "ItemState",
    "NewBulk",
    "NewItem",
    "Progress",
    "State",
    "cancel",
    "claim",
    "claim_fresh",
    "confirm",
    "count_open_of",
    "end_item",
    "end_items",
    "end_when_done",
    "find",
    "list_latest",
    "lock_item",
    "lock_items",
    "make",
    "measure",
    "postpone",
    "read_items",
    "read_progress",
    "read_running",
    "remove_old",
    "stop",
]
