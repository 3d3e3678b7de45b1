"""Index products: whatever was saved by a release that kept no words for the search is found from now on."""

from __future__ import annotations

from evertill.domains import catalog
from evertill.kernel import config, db


def index_products() -> int:
    """This function will make a batch of products found by words, and return how many they were."""
    missing = catalog.search.find_unindexed(limit=config.get().index_batch_max)
    if missing:
        with db.write():
            catalog.search.index_products(product_ids=missing)
    return len(missing)
