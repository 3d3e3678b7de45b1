"""Reads of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from evertill.domains.catalog.types import Offer
from evertill.kernel import db, sql
from evertill.kernel.arrays import Texts


def find_offers(*, skus: Iterable[str], currency: str) -> dict[str, Offer]:
    """This function will return what may be ordered now among these SKUs, with its price in one currency, by SKU."""
    rows = db.fetch(sql.load("evertill.domains.catalog", "offers"), (currency, Texts(list(skus))))
    return {sku: Offer(sku=sku, title=title, unit_price=amount) for sku, title, amount in rows}
