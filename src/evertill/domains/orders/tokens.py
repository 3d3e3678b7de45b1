"""The token that lets a guest read or cancel one order. It is derived, so nothing that opens an order is stored."""

from __future__ import annotations

from evertill.kernel import crypto

_PURPOSE = "order-access"


def access_token(order_id: int) -> str:
    """This function will return the token of one order: 22 URL-safe characters that only the shop can make."""
    return crypto.seal(order_id.to_bytes(8, "big"), purpose=_PURPOSE)


def opens(token: str, *, order_id: int) -> bool:
    """This function will say whether a token is that of an order, in a time that does not tell how nearly."""
    return crypto.equal(token, access_token(order_id))
