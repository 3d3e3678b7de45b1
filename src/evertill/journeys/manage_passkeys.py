"""Manage passkeys: add, list, rename and remove them, as their owner."""

from __future__ import annotations

import datetime as dt

from evertill.domains import accounts, identity
from evertill.domains.accounts import Account
from evertill.domains.identity import Ceremony, Operation, Passkey, Session
from evertill.journeys.act_on_account import acting
from evertill.journeys.begin_session import Visit, lock_account
from evertill.journeys.enrolled_factors import LastWayIn, SmsInUse, StaffNeedStrongFactor, keep_enough
from evertill.journeys.record_act import record_act
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel import db

__all__ = [
    "LastWayIn",
    "Passkey",
    "PasskeyNameInvalid",
    "PasskeyNotFound",
    "PasskeyRefused",
    "PasskeysUnavailable",
    "SmsInUse",
    "StaffNeedStrongFactor",
    "TooManyChallenges",
    "TooManyPasskeys",
    "add_passkey",
    "begin_adding",
    "list_passkeys",
    "remove_passkey",
    "rename_passkey",
]

PasskeyNameInvalid = identity.passkeys.PasskeyNameInvalid
PasskeyNotFound = identity.passkeys.PasskeyNotFound
PasskeyRefused = identity.ceremonies.PasskeyRefused
PasskeysUnavailable = identity.ceremonies.PasskeysUnavailable
TooManyChallenges = identity.ceremonies.TooManyChallenges
TooManyPasskeys = identity.passkeys.TooManyPasskeys


def begin_adding(*, session: Session, visit: Visit, now: dt.datetime) -> str:
    """This function will return what the browser is to make a passkey by: JSON for `parseCreationOptionsFromJSON()`.

    Step-up: ADD_PASSKEY. It is spent here, before anything is made on the device; what the browser answers is good for
    this session only, once, for five minutes. Raises StepUpRequired, TooManyPasskeys, PasskeysUnavailable,
    TooManyChallenges.
    """
    with acting(session=session, operation=Operation.ADD_PASSKEY, now=now) as account:
        return identity.ceremonies.begin_registration(
            ceremony=Ceremony.ADD,
            subject=str(session.id),
            account_id=account.id,
            name=_shown(account),
            caller=visit.caller,
            now=now,
        )


def add_passkey(*, session: Session, answer: str, name: str, now: dt.datetime) -> Passkey:
    """This function will add the passkey that a browser made; `answer` is what `toJSON()` gave, as JSON.

    Raises PasskeyRefused, PasskeyNameInvalid, TooManyPasskeys.
    """
    with db.write():
        taken = identity.ceremonies.take_registration(
            text=answer, ceremony=Ceremony.ADD, subject=str(session.id), now=now
        )
    credential = identity.ceremonies.check_registration(taken)
    with db.write():
        account = lock_account(account_id=session.account_id)
        added = identity.ceremonies.add(account_id=account.id, taken=taken, credential=credential, name=name, now=now)
        record_act(session=session, operation="account.passkey_added", now=now)
        _tell(session, Notice.PASSKEY_ADDED, added, now=now)
        return added


def list_passkeys(*, session: Session) -> list[Passkey]:
    """This function will return the account's passkeys, the newest first."""
    return identity.passkeys.list_all(account_id=session.account_id)


def rename_passkey(*, session: Session, passkey_id: int, name: str, now: dt.datetime) -> None:
    """This function will give a passkey another name. Raises PasskeyNameInvalid, PasskeyNotFound."""
    with db.write():
        identity.passkeys.rename(account_id=session.account_id, passkey_id=passkey_id, name=name)
        record_act(session=session, operation="account.rename_passkey", after={"passkey": passkey_id}, now=now)


def remove_passkey(*, session: Session, passkey_id: int, now: dt.datetime) -> None:
    """This function will remove a passkey. Step-up: REMOVE_PASSKEY, subject: its id.

    Whoever removes one that may have been copied ends all other sessions with it. Raises StepUpRequired,
    PasskeyNotFound, LastWayIn, SmsInUse, StaffNeedStrongFactor.
    """
    with acting(session=session, operation=Operation.REMOVE_PASSKEY, subject=str(passkey_id), now=now) as account:
        removed = identity.passkeys.remove(account_id=account.id, passkey_id=passkey_id)
        if removed.suspected_at is None:
            keep_enough(account_id=account.id)
        else:
            # It was no way in any more; but the thief may have come in by it before.
            identity.sessions.end_others(account_id=account.id, but=session.id, why="passkey removed", now=now)
        _tell(session, Notice.PASSKEY_REMOVED, removed, now=now)


def _shown(account: Account) -> str:
    addresses = accounts.read_addresses(account_id=account.id)
    return addresses[0].text if addresses else account.display_name or identity.ceremonies.party().name


def _tell(session: Session, notice: Notice, passkey: Passkey, *, now: dt.datetime) -> None:
    facts = {"name": passkey.name, "device": session.device, "place": session.place}
    tell_owner(account_id=session.account_id, notice=notice, facts=facts, now=now)
