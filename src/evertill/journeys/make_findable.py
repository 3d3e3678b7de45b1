"""Make findable: what staff search by is written beside the orders, behind those who place them."""

from __future__ import annotations

import datetime as dt

from evertill.domains import orders
from evertill.kernel import config, db


def make_findable(*, now: dt.datetime) -> int:
    """This function will make one batch of orders findable and return how many; fewer than a batch: none is left."""
    with db.write():
        return orders.make_findable(now=now, limit=config.get().find_batch_max)
