"""Manage second factors: an authenticator app, SMS codes as the second step, recovery codes; each after step-up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from evertill.domains import access, accounts, identity
from evertill.domains.accounts import Account
from evertill.domains.identity import Factor, Operation, Session
from evertill.journeys.act_on_account import acting
from evertill.journeys.begin_session import AccountGone, Visit, lock_account, second_name
from evertill.journeys.enrolled_factors import (
    StaffNeedStrongFactor,
    can_be_second,
    keep_enough,
    read_enrolled,
)
from evertill.journeys.prove_factor import TooManyTries, admit
from evertill.journeys.read_preference import shop_name
from evertill.journeys.record_act import record_act
from evertill.journeys.sign_in import CodeWrong
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError

__all__ = [
    "CodeWrong",
    "Factors",
    "SmsCannotBeSecond",
    "StaffNeedStrongFactor",
    "TooManyTries",
    "TotpBegun",
    "begin_totp",
    "confirm_totp",
    "make_recovery_codes",
    "remove_totp",
    "turn_sms_off",
    "turn_sms_on",
    "view_factors",
]


class SmsCannotBeSecond(EvertillError):
    """SMS codes can be a second step only where there is a phone, and something else to come first."""

    code = "SMS_CANNOT_BE_SECOND"
    status = "conflict"
    remedy = "Add a phone, and an email address or a password beside it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What an account has to prove itself by, and whether signing in takes a second step."""

    has_password: bool
    totp: bool
    sms_second: bool
    can_turn_sms_on: bool
    recovery_codes_left: int
    passkeys: int
    is_second_step_on: bool
    is_staff: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpBegun:
    """A secret for an authenticator app, to be typed in or scanned as `uri`. It counts once a code confirms it."""

    secret: str
    uri: str


def view_factors(*, session: Session) -> Factors:
    """This function will say what the caller's account has to prove itself by."""
    account = accounts.read(account_id=session.account_id)
    if account is None:
        raise AccountGone("This account was deleted.")
    enrolled = read_enrolled(account)
    has = enrolled.factors
    return Factors(
        has_password=account.has_password,
        totp=Factor.TOTP in has,
        sms_second=account.sms_second,
        can_turn_sms_on=can_be_second(enrolled) and not account.sms_second and not enrolled.is_staff,
        recovery_codes_left=enrolled.recovery_codes_left,
        passkeys=enrolled.passkeys,
        is_second_step_on=account.sms_second or bool(has & {Factor.TOTP, Factor.PASSKEY}),
        is_staff=enrolled.is_staff,
    )


def begin_totp(*, session: Session, now: dt.datetime) -> TotpBegun:
    """This function will make the secret of an authenticator app. Step-up: ADD_TOTP.

    Raises StepUpRequired, TotpInUse.
    """
    with acting(session=session, operation=Operation.ADD_TOTP, now=now) as account:
        secret = identity.totp.begin(account_id=account.id, now=now)
        return TotpBegun(secret=secret, uri=_uri(account, secret))


def confirm_totp(*, session: Session, code: str, visit: Visit, now: dt.datetime) -> None:
    """This function will take a first code of the app: from now on it is a factor. Raises CodeWrong, TooManyTries."""
    admit(name=second_name(session.account_id), visit=visit, now=now)
    with db.write():
        account = lock_account(account_id=session.account_id)
        is_right = identity.totp.confirm(account_id=account.id, code=code, now=now)
        if is_right:
            identity.guesses.succeeded(name=second_name(account.id), caller=visit.caller, now=now)
            _tell(session, Notice.TOTP_ADDED, now=now)
            record_act(session=session, operation="account.totp_added", now=now)
    if not is_right:
        raise CodeWrong("This code is not the app's present one.")


def remove_totp(*, session: Session, now: dt.datetime) -> None:
    """This function will remove the authenticator app. Step-up: REMOVE_TOTP.

    Raises StepUpRequired, StaffNeedStrongFactor, LastWayIn.
    """
    with acting(session=session, operation=Operation.REMOVE_TOTP, now=now) as account:
        if identity.totp.remove(account_id=account.id):
            keep_enough(account_id=account.id)
            _tell(session, Notice.TOTP_REMOVED, now=now)


def turn_sms_on(*, session: Session, now: dt.datetime) -> None:
    """This function will make SMS codes the second step of signing in. Step-up: SMS_SECOND_ON.

    Raises StepUpRequired, SmsCannotBeSecond, and StaffNeedStrongFactor, for whom an SMS is not enough.
    """
    with acting(session=session, operation=Operation.SMS_SECOND_ON, now=now) as account:
        if access.is_staff(account_id=account.id):
            raise StaffNeedStrongFactor("An SMS is not enough for staff.")
        if not can_be_second(read_enrolled(account)):
            raise SmsCannotBeSecond("There is no phone, or nothing that could come before it.")
        if not account.sms_second:
            accounts.set_sms_second(account_id=account.id, is_on=True)
            _tell(session, Notice.SMS_SECOND_ON, now=now)


def turn_sms_off(*, session: Session, now: dt.datetime) -> None:
    """This function will have signing in take no SMS code any more. Step-up: SMS_SECOND_OFF. Raises StepUpRequired."""
    with acting(session=session, operation=Operation.SMS_SECOND_OFF, now=now) as account:
        if account.sms_second:
            accounts.set_sms_second(account_id=account.id, is_on=False)
            _tell(session, Notice.SMS_SECOND_OFF, now=now)


def make_recovery_codes(*, session: Session, now: dt.datetime) -> list[str]:
    """This function will make a new list of recovery codes, which is shown once, and end the one before.

    Step-up: MAKE_RECOVERY_CODES. Raises StepUpRequired.
    """
    with acting(session=session, operation=Operation.MAKE_RECOVERY_CODES, now=now) as account:
        made = identity.recovery.make(account_id=account.id, now=now)
        _tell(session, Notice.RECOVERY_CODES_MADE, now=now)
        return made


def _tell(session: Session, notice: Notice, *, now: dt.datetime) -> None:
    facts = {"device": session.device, "place": session.place}
    tell_owner(account_id=session.account_id, notice=notice, facts=facts, now=now)


def _uri(account: Account, secret: str) -> str:
    # As authenticator apps read it: https://github.com/google/google-authenticator/wiki/Key-Uri-Format
    shop = shop_name() or urlsplit(config.get().public_url).hostname or "Evertill"
    addresses = accounts.read_addresses(account_id=account.id)
    name = addresses[0].text if addresses else account.display_name or "account"
    return f"otpauth://totp/{quote(shop)}:{quote(name)}?{urlencode({'secret': secret, 'issuer': shop})}"
