"""Sign in by a passkey, which is enough alone: something one has, and a fingerprint, a face or a PIN beside it."""

from __future__ import annotations

import datetime as dt

from evertill.domains.identity import Ceremony, UsedPasskey
from evertill.journeys.begin_session import SignedIn, Visit
from evertill.journeys.sign_in import go_on_with_passkey
from evertill.journeys.verify_passkey import (
    PasskeyRefused,
    PasskeysUnavailable,
    TooManyChallenges,
    are_possible,
    begin_passkey,
    verify_passkey,
)

__all__ = [
    "PasskeyRefused",
    "PasskeysUnavailable",
    "SignedIn",
    "TooManyChallenges",
    "are_possible",
    "begin",
    "sign_in_by_passkey",
]


def begin(*, visit: Visit, now: dt.datetime, attempt: str = "") -> str:
    """This function will return what the browser is to use a passkey by: JSON for `parseRequestOptionsFromJSON()`.

    It names nobody, and is the same whoever asks. `attempt` is a sign-in under way whose second step this is to be; the
    answer is then good for that one alone. Raises PasskeysUnavailable, TooManyChallenges.
    """
    return begin_passkey(ceremony=Ceremony.SIGN_IN, subject=attempt, visit=visit, now=now)


def sign_in_by_passkey(
    *, answer: str, visit: Visit, now: dt.datetime, attempt: str = "", trust: bool = False
) -> SignedIn:
    """This function will sign in whoever a passkey's answer proves; `answer` is what `toJSON()` gave, as JSON.

    Raises PasskeyRefused, AccountGone.
    """

    def sign_in(used: UsedPasskey) -> SignedIn:
        return go_on_with_passkey(account_id=used.account_id, attempt=attempt, trust=trust, visit=visit, now=now)

    return verify_passkey(answer=answer, ceremony=Ceremony.SIGN_IN, subject=attempt, visit=visit, now=now, then=sign_in)
