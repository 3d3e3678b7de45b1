"""The token that opens one claim, for who filed it. It is derived, so nothing that opens a claim is stored."""

from __future__ import annotations

from evertill.kernel import crypto

_PURPOSE = "claim"


def claim_token(claim_id: int) -> str:
    """This function will return the token of one claim: 22 URL-safe characters that only the shop can make."""
    return crypto.seal(claim_id.to_bytes(8, "big"), purpose=_PURPOSE)


def opened_by(token: str, *, claim_id: int) -> bool:
    """This function will say whether a token is that of a claim, in a time that does not tell how nearly."""
    return crypto.equal(token, claim_token(claim_id))
