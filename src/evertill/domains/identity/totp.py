"""TOTP: codes of an authenticator app (RFC 6238), each time step accepted once. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable

from evertill.domains.identity import keys
from evertill.domains.identity.rules import TOTP_DIGITS, TOTP_SECRET_BYTES, as_base32, matching_step
from evertill.kernel import crypto, db, sql
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.identity"


class TotpInUse(EvertillError):
    """The account has an authenticator app already."""

    code = "TOTP_IN_USE"
    status = "conflict"
    remedy = "Remove the authenticator app that is in use first."


def begin(*, account_id: int, now: dt.datetime, randbytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """This function will make a secret and return it in base32, for an app to scan; it counts once it is confirmed.

    Beginning again replaces what was not confirmed. Raises TotpInUse.
    """
    secret = randbytes(TOTP_SECRET_BYTES)
    key_id, key = keys.current(now=now)
    stored = crypto.encrypt(secret, key=key, place=_place(account_id))
    if not db.execute(sql.load(_HERE, "begin_totp"), (account_id, stored, key_id, now)):
        raise TotpInUse("This account has an authenticator app already.")
    return as_base32(secret)


def confirm(*, account_id: int, code: str, now: dt.datetime) -> bool:
    """This function will take a first code of the app, and say whether it was right: from now on it is a factor."""
    return _accept(account_id, code, now=now, is_confirmed=False)


def use(*, account_id: int, code: str, now: dt.datetime) -> bool:
    """This function will say whether a code is right and of a later time step than any that was accepted before."""
    return _accept(account_id, code, now=now, is_confirmed=True)


def is_in_use(*, account_id: int) -> bool:
    """This function will say whether the account has an authenticator app that was confirmed."""
    ((has,),) = db.fetch(sql.load(_HERE, "has_totp"), (account_id,))
    return bool(has)


def remove(*, account_id: int) -> bool:
    """This function will remove the account's authenticator app, and say whether there was one, confirmed or not."""
    return db.execute(sql.load(_HERE, "remove_totp"), (account_id,)) == 1


def encrypt_anew(*, now: dt.datetime, limit: int) -> int:
    """This function will encrypt up to `limit` secrets by the newest key, and return how many: 0 when none is left.

    Raises crypto.Unreadable for a secret that does not open; nothing of the batch is then changed.
    """
    newest, key = keys.current(now=now)
    old: dict[int, bytes] = {}
    rows = db.fetch(sql.load(_HERE, "lock_totp_of_old_keys"), (newest, limit))
    for account_id, stored, key_id in rows:
        if key_id not in old:
            old[key_id] = keys.by_id(key_id=key_id)
        place = _place(account_id)
        secret = crypto.decrypt(bytes(stored), key=old[key_id], place=place)
        anew = crypto.encrypt(secret, key=key, place=place)
        db.execute(sql.load(_HERE, "store_totp_anew"), (anew, newest, account_id))
    return len(rows)


def _accept(account_id: int, code: str, *, now: dt.datetime, is_confirmed: bool) -> bool:
    digits = "".join(code[:40].split())
    if len(digits) != TOTP_DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    rows = db.fetch(sql.load(_HERE, "totp_secret"), (account_id, is_confirmed))
    if not rows:
        return False
    ((stored, key_id, made_at),) = rows
    # A rotation between the two reads changes neither the secret nor when it was made.
    secret = crypto.decrypt(bytes(stored), key=keys.by_id(key_id=key_id), place=_place(account_id))
    step = matching_step(secret, digits, now=now)
    if step is None:
        return False
    return db.execute(sql.load(_HERE, "accept_totp_step"), (step, now, account_id, made_at, is_confirmed, step)) == 1


def _place(account_id: int) -> crypto.Place:
    return crypto.Place(table="identity_totp", column="secret", row=account_id)
