"""Fulfilment: goods that are handed over by the shop itself: codes, such as licence keys and vouchers.

A SKU with a pool is sold by its codes. Each is encrypted, belongs to nobody until an order is paid, and is given once.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.fulfilment.operations import (
        CodesGone,
        add_codes,
        ask_to_note_due,
        encrypt_anew,
        end_given,
        end_void,
        give,
        lock_due,
        lock_free,
        note_due,
        open_pool,
        place,
        postpone,
    )
    from evertill.domains.fulfilment.queries import (
        count_given,
        find_differences,
        find_known,
        find_pools,
        list_pools,
        open_code,
        read_given,
        stream_given,
        used_keys,
    )
    from evertill.domains.fulfilment.rules import Faulty, Read, hide, read_codes
    from evertill.domains.fulfilment.types import Difference, Given, NewCode, Owed, Pool, Slot

__getattr__ = open_door(__name__)

__all__ = [
    "CodesGone",
    "Difference",
    "Faulty",
    "Given",
    "NewCode",
    "Owed",
    "Pool",
    "Read",
    "Slot",
    "add_codes",
    "ask_to_note_due",
    "count_given",
    "encrypt_anew",
    "end_given",
    "end_void",
    "find_differences",
    "find_known",
    "find_pools",
    "give",
    "hide",
    "list_pools",
    "lock_due",
    "lock_free",
    "note_due",
    "open_code",
    "open_pool",
    "place",
    "postpone",
    "read_codes",
    "read_given",
    "stream_given",
    "used_keys",
]
