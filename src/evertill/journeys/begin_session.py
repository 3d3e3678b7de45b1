"""Begin a session: the one end of every way of signing in, with all that it means for the account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from evertill.domains import identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who is asking, from where. `caller` is counted, `device` and `place` are what an owner recognises.

    `browser` is the secret by which this browser is known, "" without; `session_id` is of the session that it has
    already, which ends when a new one begins.
    """

    caller: str
    device: str
    place: str
    browser: str
    language: str
    session_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody is signed in. Both secrets are for his browser only."""

    account_id: int
    session: identity.Session
    session_secret: str
    browser_secret: str
    is_new_browser: bool


def begin_session(
    *, account_id: int, factors: Collection[identity.Factor], trust: bool, visit: Visit, now: dt.datetime
) -> SignedIn:
    """This function will begin a session for an account that proved these factors; the caller holds a transaction.

    With `trust`, the browser needs no second step for a while; never staff's. The owner is told of a browser or a place
    that is new. Raises FactorsTooWeak for staff without a strong factor, and AccountGone.
    """
    raise NotImplementedError
