"""The token that lets its holder pay from one balance. It is derived, so nothing that opens a balance is stored."""

from __future__ import annotations

from evertill.kernel import crypto

_PURPOSE = "balance-access"
# Leak scanners know secrets by their beginnings.
_PREFIX = "evb_"
# The id, as 60 bits in hexadecimal.
_ID_CHARS = 15


def balance_token(balance_id: int) -> str:
    """This function will return the token of one balance: 41 URL-safe characters that only the shop can make."""
    return f"{_PREFIX}{balance_id:015x}{crypto.seal(balance_id.to_bytes(8, 'big'), purpose=_PURPOSE)}"


def opened_by(token: str) -> int | None:
    """This function will return the id of the balance that a token opens; None for what is no token of this shop."""
    try:
        balance_id = int(token[len(_PREFIX) : len(_PREFIX) + _ID_CHARS], 16)
        # Compared whole with the one true spelling, in a time that does not tell how nearly it is right.
        return balance_id if crypto.equal(token, balance_token(balance_id)) else None
    except (ValueError, OverflowError):
        return None
