"""Sign up with a passkey alone: an account without any address, that nobody can write to or break into by one."""

from __future__ import annotations

import datetime as dt

from evertill.domains import accounts, identity
from evertill.domains.accounts import NameInvalid
from evertill.domains.identity import Ceremony
from evertill.journeys.begin_session import SignedIn, Visit
from evertill.journeys.read_preference import shop_name
from evertill.journeys.sign_up import open_by_passkey
from evertill.kernel import db, ids

__all__ = [
    "NameInvalid",
    "PasskeyNameInvalid",
    "PasskeyRefused",
    "PasskeysUnavailable",
    "SignedIn",
    "TooManyChallenges",
    "begin",
    "sign_up_by_passkey",
]

PasskeyNameInvalid = identity.passkeys.PasskeyNameInvalid
PasskeyRefused = identity.ceremonies.PasskeyRefused
PasskeysUnavailable = identity.ceremonies.PasskeysUnavailable
TooManyChallenges = identity.ceremonies.TooManyChallenges


def begin(*, display_name: str, visit: Visit, now: dt.datetime) -> str:
    """This function will return what the browser is to make a passkey by: JSON for `parseCreationOptionsFromJSON()`.

    Raises NameInvalid, PasskeysUnavailable, TooManyChallenges.
    """
    name = accounts.name_of(display_name)
    with db.write():
        return identity.ceremonies.begin_registration(
            ceremony=Ceremony.SIGN_UP,
            subject="",
            account_id=None,
            name=name or shop_name() or identity.ceremonies.party().id,
            caller=visit.caller,
            now=now,
        )


def sign_up_by_passkey(
    *, answer: str, display_name: str, passkey_name: str, visit: Visit, now: dt.datetime
) -> SignedIn:
    """This function will open an account for a new passkey and sign in; `answer` is what `toJSON()` gave, as JSON.

    Raises PasskeyRefused, NameInvalid, PasskeyNameInvalid; then no account is opened.
    """
    with db.write():
        taken = identity.ceremonies.take_registration(text=answer, ceremony=Ceremony.SIGN_UP, subject="", now=now)
    credential = identity.ceremonies.check_registration(taken)
    (account_id,) = ids.new_ids(1, now=now)
    with db.write():
        signed = open_by_passkey(account_id=account_id, display_name=display_name, visit=visit, now=now)
        identity.ceremonies.add(account_id=account_id, taken=taken, credential=credential, name=passkey_name, now=now)
        return signed
