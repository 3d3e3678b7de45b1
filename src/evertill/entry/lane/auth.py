"""Who is calling: a program with an API token, or somebody who holds one order's access token."""

from __future__ import annotations

import time

from evertill.entry.lane.threads import in_thread
from evertill.journeys.authenticate_caller import Caller, Unauthenticated, authenticate_caller
from evertill.kernel import config, crypto

_PREFIX = "evt_"
_CACHE_MAX = 1000

# Tokens that were found good, by digest, and until when that holds: a revoked one is refused after token_cache_s.
_known: dict[bytes, tuple[float, Caller]] = {}


def bearer_of(authorization: bytes) -> str:
    """This function will return the token of an Authorization header; raises Unauthenticated for another scheme."""
    scheme, _, token = authorization.partition(b" ")
    if scheme.lower() != b"bearer" or not token.strip() or not token.isascii():
        raise Unauthenticated("The header Authorization takes 'Bearer' and a token.")
    return token.strip().decode()


async def caller_of(authorization: bytes) -> Caller:
    """This function will return the program behind an Authorization header; raises Unauthenticated."""
    secret = bearer_of(authorization)
    digest = crypto.fingerprint(secret.encode())
    until, caller = _known.get(digest, (0.0, None))
    if caller is not None and until > time.monotonic():
        return caller
    caller = await in_thread(authenticate_caller, secret=secret)
    if len(_known) >= _CACHE_MAX:
        _known.clear()
    _known[digest] = (time.monotonic() + config.get().token_cache_s, caller)
    return caller


def is_api_token(token: str) -> bool:
    """This function will say whether a token is a program's, by its prefix."""
    return token.startswith(_PREFIX)
