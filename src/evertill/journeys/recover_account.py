"""Recover an account whose second step was lost: slow and loud, so that an owner who lost nothing can stop it.

Asked for by proving an address by a code; every address is told at once, and again when it is ready days later. Until
then any open session, or the link in the message, cancels it. Then the address is proved again: password and second
factors go, every session ends, and a new one begins. Staff are helped by whoever runs the shop.
"""

from __future__ import annotations

import datetime as dt

from evertill.domains import access, accounts, identity, trail
from evertill.domains.identity import Recovery, Session
from evertill.journeys.begin_session import SignedIn, Visit, begin_session
from evertill.journeys.help_customer import helping
from evertill.journeys.permitted import Asker
from evertill.journeys.record_act import actor_of, record_act, record_for
from evertill.journeys.sign_in import AttemptEnded, resume_proved
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError

__all__ = [
    "AttemptEnded",
    "Recovery",
    "RecoveryNotReady",
    "RecoveryRefused",
    "SignedIn",
    "Visit",
    "ask",
    "cancel",
    "cancel_by_link",
    "finish",
    "tell_ready",
    "waiting",
]


class RecoveryRefused(EvertillError):
    """Accounts of staff are not recovered in this way."""

    code = "RECOVERY_REFUSED"
    status = "forbidden"
    remedy = "Ask whoever runs the shop."


class RecoveryNotReady(EvertillError):
    """No recovery was asked for, it still waits, it was cancelled, or it is too late."""

    code = "RECOVERY_NOT_READY"
    status = "conflict"
    remedy = "Wait until the moment that the message names; if it was cancelled or is over, ask for it again."


def ask(*, attempt: str, visit: Visit, now: dt.datetime) -> Recovery:
    """This function will begin the recovery of the account whose address was proved in a sign-in under way.

    One that is under way goes on as it was. Raises AttemptEnded, RecoveryRefused.
    """
    with db.write():
        account_id = _account_of(attempt, now=now)
        recovery, is_new = identity.recoveries.ask(account_id=account_id, now=now)
        if is_new:
            _tell(recovery, Notice.RECOVERY_ASKED, {"device": visit.device, "place": visit.place}, now=now)
            actor = trail.Actor(kind=trail.ActorKind.CUSTOMER, id=str(account_id), place=visit.place)
            record_for(account_id=account_id, actor=actor, operation="account.recovery_asked", now=now)
        return recovery


def finish(*, attempt: str, visit: Visit, now: dt.datetime) -> SignedIn:
    """This function will remove password and second factors, end all sessions, and sign in.

    The address was proved again in this sign-in. Raises AttemptEnded, RecoveryRefused, RecoveryNotReady.
    """
    with db.write():
        account_id = _account_of(attempt, now=now)
        proved = resume_proved(attempt=attempt, now=now)
        if not identity.recoveries.finish(account_id=account_id, now=now):
            raise RecoveryNotReady("This account cannot be recovered now.")
        identity.attempts.end(attempt_id=proved.id, now=now)
        accounts.set_password(account_id=account_id, encoded="", now=now)
        accounts.set_sms_second(account_id=account_id, is_on=False)
        identity.totp.remove(account_id=account_id)
        identity.recovery.remove(account_id=account_id)
        identity.passkeys.remove_all(account_id=account_id)
        identity.sessions.end_others(account_id=account_id, but=None, why="account recovered", now=now)
        identity.browsers.end_trust(account_id=account_id)
        facts = {"device": visit.device, "place": visit.place}
        tell_owner(account_id=account_id, notice=Notice.RECOVERY_DONE, facts=facts, now=now)
        signed = begin_session(account_id=account_id, factors=proved.proved, trust=False, visit=visit, now=now)
        record_act(session=signed.session, operation="account.recovery_done", now=now)
        return signed


def cancel(*, session: Session, now: dt.datetime) -> bool:
    """This function will cancel the recovery of the caller's account, and say whether one was under way."""
    with db.write():
        return _cancel(session.account_id, "session", actor_of(session), now=now)


def cancel_for_customer(*, asker: Asker, account_id: int, now: dt.datetime) -> bool:
    """This function will cancel the recovery of a customer who says that it is not his, and say whether one was.

    Raises Forbidden, CustomerGone, WorksHere.
    """
    with helping(asker=asker, account_id=account_id, now=now) as account:
        return _cancel(account.id, "the shop", asker.actor, now=now)


def cancel_by_link(*, token: str, now: dt.datetime) -> bool:
    """This function will cancel a recovery by the link that its messages had, and say whether it was under way."""
    with db.write():
        account_id = identity.recoveries.find_by_token(token=token, now=now)
        if account_id is None:
            return False
        actor = trail.Actor(kind=trail.ActorKind.CUSTOMER, id=str(account_id), place="the link in the message")
        return _cancel(account_id, "link", actor, now=now)


def waiting(*, session: Session, now: dt.datetime) -> Recovery | None:
    """This function will return the recovery of the caller's account that is under way."""
    return identity.recoveries.find(account_id=session.account_id, now=now)


def tell_ready(*, now: dt.datetime) -> int:
    """This function will tell the owners of accounts whose recovery has become ready, a batch, and return how many."""
    with db.write():
        ready = identity.recoveries.claim_ready(now=now, limit=config.get().follow_batch_max)
        for recovery in ready:
            _tell(recovery, Notice.RECOVERY_READY, {}, now=now)
    return len(ready)


def _account_of(attempt: str, *, now: dt.datetime) -> int:
    proved = resume_proved(attempt=attempt, now=now)
    account = accounts.lock(account_id=proved.account_id) if proved.account_id is not None else None
    if account is None:
        raise AttemptEnded("This sign-in is over.")
    if access.is_staff(account_id=account.id):
        raise RecoveryRefused("Accounts of staff are not recovered in this way.")
    return account.id


def _cancel(account_id: int, why: str, actor: trail.Actor, *, now: dt.datetime) -> bool:
    accounts.lock(account_id=account_id)
    is_cancelled = identity.recoveries.cancel(account_id=account_id, why=why, now=now)
    if is_cancelled:
        tell_owner(account_id=account_id, notice=Notice.RECOVERY_CANCELLED, facts={}, now=now)
        record_for(account_id=account_id, actor=actor, operation="account.recovery_cancelled", now=now)
    return is_cancelled


def _tell(recovery: Recovery, notice: Notice, facts: dict[str, str], *, now: dt.datetime) -> None:
    facts |= {
        "ready_at": f"{recovery.ready_at:%Y-%m-%d %H:%M} UTC",
        "ends_at": f"{recovery.ends_at:%Y-%m-%d %H:%M} UTC",
        "cancel": f"/account/recovery/cancel/{identity.recoveries.cancel_token(recovery)}",
    }
    tell_owner(account_id=recovery.account_id, notice=notice, facts=facts, now=now)
