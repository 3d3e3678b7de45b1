"""Codes that orders wait for: noted when an order is paid; and given codes, which never go back on sale."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from evertill.domains import fulfilment
from evertill.domains.fulfilment import Owed
from evertill.kernel.errors import EvertillError


class CodesDelivered(EvertillError):
    """Codes that a customer was given cannot go back on sale: nobody can take back that he has seen them."""

    code = "CODES_DELIVERED"
    status = "conflict"
    remedy = "Give the money back without putting the goods back on sale, or name other lines."


def owed_by(pieces: Mapping[int, Mapping[str, int]]) -> list[Owed]:
    """This function will write the pieces of each SKU by order as what is owed; fulfilment knows which are codes."""
    return [
        Owed(order_id=order_id, sku=sku, pieces=quantity)
        for order_id, wanted in pieces.items()
        for sku, quantity in wanted.items()
    ]


def check_restock(*, order_id: int, skus: Collection[str]) -> None:
    """This function will raise CodesDelivered when an order was given codes of one of these SKUs; it is locked."""
    given = {code.sku for code in fulfilment.read_given(order_id=order_id)} & set(skus)
    if given:
        raise CodesDelivered(f"The codes of {min(given)} were delivered already.", sku=min(given))
