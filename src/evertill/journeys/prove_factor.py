"""Prove a factor that was typed: counted before it is checked, so that a thousand at once gain nothing.

Used by the second step of signing in, by step-up, and where the present password is asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from evertill.domains import accounts, identity
from evertill.domains.accounts import Address
from evertill.domains.identity import Factor
from evertill.journeys.begin_session import Visit, password_name, second_name
from evertill.kernel import db
from evertill.kernel.errors import EvertillError


class FactorWrong(EvertillError):
    """What was put in to prove oneself was not right."""

    code = "FACTOR_WRONG"
    status = "unauthenticated"
    remedy = "Check what you put in, or choose another way."


class TooManyTries(EvertillError):
    """Too many tries failed; `next_at` says when the next one is allowed, "" when another way is needed."""

    code = "TOO_MANY_TRIES"
    status = "busy"
    remedy = "Wait, or choose another way."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A factor as it was typed; for a code also which one it answers, for what, and where that was sent."""

    factor: Factor
    text: str
    purpose: str = ""
    code_id: str = ""
    address: Address | None = None


def prepare(*, account_id: int, shown: Shown, visit: Visit, now: dt.datetime) -> Callable[[], bool]:
    """This function will count a try, do what takes time, and return what says whether it was right.

    That is called in the transaction that does what it is for, once it holds the account, and uses the factor up.
    Raises TooManyTries and PasswordsBusy. The caller holds no transaction yet.
    """
    factor = shown.factor
    if factor is Factor.PASSWORD:
        is_right = is_password(account_id=account_id, password=shown.text, visit=visit, now=now)
        return lambda: is_right
    if factor is Factor.TOTP:
        admit(name=second_name(account_id), visit=visit, now=now)
        return lambda: _use_totp(account_id, shown.text, visit=visit, now=now)
    if factor is Factor.RECOVERY_CODE:
        # 80 bits are not guessed. A limit would keep out who was locked out by others.
        return lambda: identity.recovery.use(account_id=account_id, code=shown.text, now=now)
    if factor in (Factor.EMAIL_CODE, Factor.SMS_CODE):
        return lambda: _use_code(shown, now)
    return lambda: False


def is_password(*, account_id: int, password: str, visit: Visit, now: dt.datetime) -> bool:
    """This function will say whether it is the password of an account; raises TooManyTries and PasswordsBusy."""
    with accounts.passwords.turn():
        admit(name=second_name(account_id), visit=visit, now=now)
        with db.write():
            is_admitted = identity.guesses.admit_quietly(name=password_name(account_id), now=now)
        encoded = accounts.read_password(account_id=account_id) if is_admitted else ""
        checked = accounts.passwords.check(password=password, encoded=encoded)
        if checked.is_right:
            with db.write():
                identity.guesses.clear(names=[password_name(account_id)], now=now)
                identity.guesses.succeeded(name=second_name(account_id), caller=visit.caller, now=now)
    return checked.is_right


def admit(*, name: str, visit: Visit, now: dt.datetime) -> None:
    """This function will count a guess as failed, and commit that; raises TooManyTries when it may not be made."""
    with db.write():
        admission = identity.guesses.admit(name=name, caller=visit.caller, now=now)
    if not admission.is_admitted:
        raise TooManyTries("Too many tries failed.", next_at=admission.next_at.isoformat() if admission.next_at else "")


def _use_totp(account_id: int, code: str, *, visit: Visit, now: dt.datetime) -> bool:
    if not identity.totp.use(account_id=account_id, code=code, now=now):
        return False
    identity.guesses.succeeded(name=second_name(account_id), caller=visit.caller, now=now)
    return True


def _use_code(shown: Shown, now: dt.datetime) -> bool:
    if shown.address is None:
        return False
    return identity.codes.use(
        code_id=shown.code_id, purpose=shown.purpose, address=shown.address.text, digits=shown.text, now=now
    )
