"""Verify a passkey: what signing in and step-up by one have in common.

The challenge is used up and committed before anything is believed, so that one answer counts once, right or wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from evertill.domains import accounts, identity
from evertill.domains.identity import Ceremony, UsedPasskey
from evertill.domains.trail import Actor, ActorKind
from evertill.journeys.begin_session import AccountGone, Visit
from evertill.journeys.record_act import record_for
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel import db

__all__ = [
    "Ceremony",
    "PasskeyRefused",
    "PasskeysUnavailable",
    "TooManyChallenges",
    "are_possible",
    "begin_passkey",
    "verify_passkey",
]

PasskeyRefused = identity.ceremonies.PasskeyRefused
PasskeysUnavailable = identity.ceremonies.PasskeysUnavailable
TooManyChallenges = identity.ceremonies.TooManyChallenges

T = TypeVar("T")


def are_possible() -> bool:
    """This function will say whether browsers use passkeys at this shop's address, so that a page may offer them."""
    return identity.ceremonies.are_possible()


def begin_passkey(
    *, ceremony: Ceremony, subject: str, visit: Visit, now: dt.datetime, account_id: int | None = None
) -> str:
    """This function will return, as JSON for `parseRequestOptionsFromJSON()`, what a browser is to use a passkey by.

    Without an account it is the same for everybody. Raises PasskeysUnavailable, TooManyChallenges.
    """
    with db.write():
        return identity.ceremonies.begin_assertion(
            ceremony=ceremony, subject=subject, account_id=account_id, caller=visit.caller, now=now
        )


def verify_passkey(
    *,
    answer: str,
    ceremony: Ceremony,
    subject: str,
    visit: Visit,
    now: dt.datetime,
    then: Callable[[UsedPasskey], T],
    account_id: int | None = None,
) -> T:
    """This function will verify what a browser answers, and do what follows in the transaction that notes it.

    Of a passkey that may have been copied the owner is told. Raises PasskeyRefused, AccountGone, and what `then` does.
    """
    with db.write():
        taken = identity.ceremonies.take_assertion(text=answer, ceremony=ceremony, subject=subject, now=now)
    with db.write():
        owner = identity.ceremonies.owner(taken=taken)
        # The account first, as everybody does who acts on one.
        if owner is not None and accounts.lock(account_id=owner) is None:
            raise AccountGone("This account was deleted.")
        used = identity.ceremonies.use(taken=taken, account_id=account_id, now=now)
        if not used.is_suspected:
            return then(used)
        # Who used it is not known, and that is the point.
        by = Actor(kind=ActorKind.GUEST, place=visit.place)
        after = {"passkey": used.passkey_id}
        record_for(account_id=used.account_id, actor=by, operation="account.passkey_suspected", after=after, now=now)
        facts = {"name": used.name, "device": visit.device, "place": visit.place}
        tell_owner(account_id=used.account_id, notice=Notice.PASSKEY_SUSPECTED, facts=facts, now=now)
    # Raised only now: that it was put aside is to be kept.
    raise PasskeyRefused("There may be a copy of this passkey. It was put aside.", refusal="COUNT_NOT_GROWN")
