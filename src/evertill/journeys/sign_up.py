"""Sign up: open an account for an address that was proved by a code, or for a passkey alone."""

from __future__ import annotations

import datetime as dt

from evertill.domains import accounts, identity
from evertill.domains.accounts import AddressInUse, AddressKind, NameInvalid
from evertill.domains.identity import Factor
from evertill.journeys.begin_session import SignedIn, Visit, begin_session
from evertill.journeys.sign_in import AttemptEnded, resume_proved
from evertill.kernel import db, ids

__all__ = ["AddressInUse", "AttemptEnded", "NameInvalid", "SignedIn", "Visit", "open_by_passkey", "sign_up"]


def sign_up(
    *,
    attempt: str,
    display_name: str,
    visit: Visit,
    now: dt.datetime,
    password: str = "",
    account_id: int | None = None,
) -> SignedIn:
    """This function will open an account for the address that was proved in a sign-in, and sign in.

    Without a password one signs in by codes. Raises PasswordUnfit, PasswordsBusy, NameInvalid, AttemptEnded, and
    AddressInUse when an account has the address by now; nothing is kept then.
    """
    name = accounts.name_of(display_name)
    encoded = ""
    if password:
        with db.write():
            address = resume_proved(attempt=attempt, now=now).address
        with accounts.passwords.turn():
            encoded = accounts.passwords.make(password=password, words=[address, name])
    with db.write():
        waiting = resume_proved(attempt=attempt, now=now)
        if not identity.attempts.end(attempt_id=waiting.id, now=now):
            raise AttemptEnded("This sign-in is over.")
        opened = _open(account_id, name, visit=visit, now=now)
        accounts.add_address(account_id=opened, kind=AddressKind(waiting.kind), address=waiting.address, now=now)
        if encoded:
            accounts.set_password(account_id=opened, encoded=encoded, now=now)
        return begin_session(
            account_id=opened, factors=waiting.proved, trust=False, visit=visit, now=now, is_opening=True
        )


def open_by_passkey(*, account_id: int, display_name: str, visit: Visit, now: dt.datetime) -> SignedIn:
    """This function will open an account without an address, whose passkey the caller stores in its transaction.

    Raises NameInvalid.
    """
    _open(account_id, accounts.name_of(display_name), visit=visit, now=now)
    return begin_session(
        account_id=account_id, factors={Factor.PASSKEY}, trust=False, visit=visit, now=now, is_opening=True
    )


def _open(account_id: int | None, name: str, *, visit: Visit, now: dt.datetime) -> int:
    opened = ids.new_ids(1, now=now)[0] if account_id is None else account_id
    accounts.open_account(account_id=opened, display_name=name, language=visit.language, now=now)
    return opened
