"""Sign out accounts, as whoever runs the shop: one of them, or everybody when secrets may be in wrong hands."""

from __future__ import annotations

import datetime as dt

from evertill.domains import accounts, identity, trail
from evertill.domains.trail import Actor
from evertill.journeys.manage_staff import AccountUnknown
from evertill.journeys.record_act import record_for
from evertill.kernel import config, db

__all__ = ["AccountUnknown", "sign_out_account", "sign_out_everybody"]

_WHY = "ended by the shop"


def sign_out_account(*, address: str, actor: Actor, now: dt.datetime) -> int:
    """This function will end all sessions of an account and its trust in browsers; returns how many sessions.

    Raises AddressInvalid, AccountUnknown.
    """
    kind, spelled = accounts.read_address(address, region=config.get().phone_region)
    with db.write():
        found = accounts.find(kind=kind, address=spelled)
        account = accounts.lock(account_id=found.id) if found is not None else None
        if account is None:
            raise AccountUnknown("No account has this address.")
        ended = identity.sessions.end_others(account_id=account.id, but=None, why=_WHY, now=now)
        identity.browsers.end_trust(account_id=account.id)
        record_for(account_id=account.id, actor=actor, operation="access.sign_out", after={"sessions": ended}, now=now)
        return ended


def sign_out_everybody(*, actor: Actor, now: dt.datetime) -> int:
    """This function will end the sessions of all accounts, staff's too, and return how many."""
    with db.write():
        ended = identity.sessions.end_all(why=_WHY, now=now)
        trail.write(
            actor=actor,
            operation="access.sign_out_everybody",
            subject=trail.Subject(kind="shop", id="sessions"),
            after={"sessions": ended},
            now=now,
        )
        return ended
