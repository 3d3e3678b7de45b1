"""A whole shop that is copied elsewhere as quickly as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.kernel.waiting import open_folder
from tests.recovery.archives import FAST_KB_S
from tests.shop import Shop, shop_in


@contextmanager
def copied_shop() -> Iterator[Shop]:
    """An open shop with 100 pieces of TEA, whose copies go to the folder `copies` beside its own."""
    with open_folder() as home:
        (home / "copies").mkdir()
        settings = {"backup_target": f"file://{home / 'copies'}", "drill_min": "0", "backup_rate_kb_s": str(FAST_KB_S)}
        with shop_in(home / "data", settings=settings) as shop:
            shop.workers = 1
            shop.start()
            shop.stock_up([("TEA", 100)])
            yield shop
