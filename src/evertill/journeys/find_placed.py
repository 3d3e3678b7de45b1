"""Find out what became of a key: for whoever sent an order and never got the answer."""

from __future__ import annotations

from evertill.domains import orders
from evertill.journeys.place_orders import Placed
from evertill.kernel import ids


def find_placed(*, key_digest: bytes) -> Placed | None:
    """This function will return the order that was placed under a key, as it stands now; None when there is none.

    None may be too early while the order is being placed; placing again under the key is what finds out for good.
    """
    known = orders.find_by_keys(digests=[key_digest]).get().get(key_digest)
    if known is None:
        return None
    order = known.order
    return Placed(
        order=order, number=ids.to_number(order.id), access_token=orders.access_token(order.id), is_repeat=True
    )
