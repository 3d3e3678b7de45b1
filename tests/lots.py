"""Identifiers in a known order, for whoever wants to see which tests, and which lists, depend on their chance.

Those of one minute have none (kernel/ids.py). A list that is ordered by them is right by a coin's toss; with all of
them ascending, or all descending, it is right or wrong each time.
"""

from __future__ import annotations

import secrets
import threading
import time

from evertill.kernel import ids

ORDERS = ("ascending", "descending")
_RANDOM_MAX = (1 << ids.RANDOM_BITS) - 1
# What an identifier takes of the random bits (kernel/ids.new_ids).
_BITS_EACH = 64


def draw_in_order(order: str) -> None:
    """This function will have this process draw identifiers in an order, if nothing that draws them is imported yet."""
    really_draw = secrets.randbits
    last, turn = 0, threading.Lock()

    def draw(k: int) -> int:
        nonlocal last
        count, rest = divmod(k, _BITS_EACH)
        if rest or not count:
            return really_draw(k)
        with turn:
            # By the clock, so that those of other processes fit between.
            first = max(time.time_ns() >> 8, last + 1)
            last = first + count - 1
        drawn = 0
        for place in range(count):
            one = (first + place) & _RANDOM_MAX
            drawn |= (one if order == "ascending" else _RANDOM_MAX - one) << (_BITS_EACH * place)
        return drawn

    secrets.randbits = draw
    defaults = ids.new_ids.__kwdefaults__
    assert defaults is not None
    defaults["randbits"] = draw
