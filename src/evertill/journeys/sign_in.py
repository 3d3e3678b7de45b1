"""Sign in: by a code or a password, then by a second step where the account has one; a passkey is enough alone.

Up to the last step nothing tells whether anybody has the address that was typed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from evertill.domains import accounts, identity
from evertill.domains.accounts import AddressKind
from evertill.domains.identity import Factor
from evertill.domains.trail import Actor, ActorKind
from evertill.journeys.begin_session import SignedIn, Visit, begin_session, password_name
from evertill.journeys.enrolled_factors import CODE_OF, KIND_OF, Enrolled, read_enrolled
from evertill.journeys.prove_factor import FactorWrong, Shown, TooManyTries, admit, prepare
from evertill.journeys.refuse_factor import refuse_factor
from evertill.journeys.send_code import send_code
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError

__all__ = [
    "AskedForCode",
    "AttemptEnded",
    "CodeWrong",
    "FactorNotNeeded",
    "FactorWrong",
    "MoreNeeded",
    "NewHere",
    "SentTo",
    "SignInRefused",
    "SignedIn",
    "TooManyTries",
    "Visit",
    "ask_for_code",
    "go_on_with_passkey",
    "look_at_attempt",
    "resume_proved",
    "send_second_code",
    "sign_in_by_code",
    "sign_in_by_password",
    "sign_in_by_second_factor",
]

_FIRST, _SECOND = "sign-in", "second-step"
_ADDRESS_CHARS = 254


class SignInRefused(EvertillError):
    """Nobody has this address, or he has another password, or none: it is the same to us."""

    code = "SIGN_IN_REFUSED"
    status = "unauthenticated"
    remedy = "Check the address and the password, or have a code sent instead."


class CodeWrong(EvertillError):
    """A code is not the one that was sent, was used, or is too old."""

    code = "CODE_WRONG"
    status = "unauthenticated"
    remedy = "Check the code, or have another one sent."


class FactorNotNeeded(EvertillError):
    """What was offered cannot be the second step of this sign-in."""

    code = "FACTOR_NOT_NEEDED"
    status = "conflict"
    remedy = "Choose one of the ways that are offered."


class AttemptEnded(EvertillError):
    """A sign-in that was under way is over: it took too long, or was finished."""

    code = "ATTEMPT_ENDED"
    status = "conflict"
    remedy = "Begin to sign in again."


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedForCode:
    """A code was sent, whoever has the address. `attempt` is a secret for the browser that asked."""

    attempt: str = field(repr=False)
    kind: AddressKind
    address: str
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreNeeded:
    """One of these factors is needed too. `hidden` says where codes for them would go.

    `may_recover`: who lacks them all may ask for recovery, as `recovery` was asked for.
    """

    attempt: str = field(repr=False)
    factors: frozenset[Factor]
    hidden: Mapping[Factor, str]
    can_trust: bool
    may_recover: bool
    recovery: identity.Recovery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHere:
    """The address was proved, and nobody has it: an account can be opened."""

    attempt: str = field(repr=False)
    kind: AddressKind
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTo:
    """A code was sent; `hidden` is where to, so that only its owner recognises it."""

    hidden: str
    expires_at: dt.datetime


Outcome = SignedIn | MoreNeeded | NewHere


def ask_for_code(*, address: str, visit: Visit, now: dt.datetime) -> AskedForCode:
    """This function will send a code to an address, whoever has it, and begin a sign-in that the code goes on with.

    Raises AddressInvalid, and what send_code raises: SendingLimited, ChannelClosed, CodeNotSent, AddressRefused.
    """
    kind, spelled = accounts.read_address(address, region=config.get().phone_region)
    # No account is looked at, so nothing tells whether there is one.
    sent = send_code(purpose=_FIRST, kind=kind, address=spelled, caller=visit.caller, language=visit.language, now=now)
    with db.write():
        attempt = identity.attempts.begin(
            account_id=None,
            kind=kind,
            address=spelled,
            proved=[],
            code_id=sent.code_id,
            code_factor=CODE_OF[kind],
            now=now,
        )
    return AskedForCode(attempt=attempt, kind=kind, address=spelled, expires_at=sent.expires_at)


def sign_in_by_code(*, attempt: str, digits: str, visit: Visit, now: dt.datetime) -> Outcome:
    """This function will use the code that was sent, and go on as far as that leads.

    Raises CodeWrong, AttemptEnded.
    """
    with db.write():
        waiting = _resume(attempt, now=now)
        is_right = waiting.code_factor is CODE_OF[AddressKind(waiting.kind)] and identity.codes.use(
            code_id=waiting.code_id, purpose=_FIRST, address=waiting.address, digits=digits, now=now
        )
        if is_right:
            proved = waiting.proved | {CODE_OF[AddressKind(waiting.kind)]}
            identity.attempts.note(attempt=waiting, account_id=waiting.account_id, proved=proved)
    # Raised only now: that it was tried is to be kept.
    if not is_right:
        raise CodeWrong("This is not the code that was sent, or it was used, or it is too old.")
    with db.write():
        waiting = _resume(attempt, now=now)
        kind = AddressKind(waiting.kind)
        account = accounts.find(kind=kind, address=waiting.address)
        if account is None:
            return NewHere(attempt=attempt, kind=kind, address=waiting.address)
        return _go_on(account.id, waiting.proved, attempt=attempt, waiting=waiting, visit=visit, now=now)


def sign_in_by_password(*, address: str, password: str, visit: Visit, now: dt.datetime) -> SignedIn | MoreNeeded:
    """This function will check a password; a name that nobody has costs the same and is answered alike.

    Raises SignInRefused, TooManyTries, PasswordsBusy.
    """
    try:
        kind, spelled = accounts.read_address(address, region=config.get().phone_region)
    except accounts.AddressInvalid:
        # It is answered as any other that nobody has.
        kind, spelled = AddressKind.EMAIL, address[:_ADDRESS_CHARS]
    with accounts.passwords.turn():
        account = _find_by_password(kind, spelled, password, visit=visit, now=now)
    if account is None:
        raise SignInRefused("This address and this password do not belong together.")
    with db.write():
        return _go_on(account.id, frozenset({Factor.PASSWORD}), address=(kind, spelled), visit=visit, now=now)


def _find_by_password(
    kind: AddressKind, address: str, password: str, *, visit: Visit, now: dt.datetime
) -> accounts.Account | None:
    admit(name=address, visit=visit, now=now)
    account = accounts.find(kind=kind, address=address)
    # An account's guesses are a hundred at most by all its addresses together. Past that no password is right any more;
    # which is not said, because it would tell whose the addresses are.
    counted = f"nobody {address}" if account is None else password_name(account.id)
    with db.write():
        is_admitted = identity.guesses.admit_quietly(name=counted, now=now)
    encoded = accounts.read_password(account_id=account.id if account else None)
    checked = accounts.passwords.check(password=password, encoded=encoded if is_admitted else "")
    if account is None or not checked.is_right:
        return None
    with db.write():
        identity.guesses.clear(names=[counted], now=now)
        identity.guesses.succeeded(name=address, caller=visit.caller, now=now)
        if checked.upgraded:
            accounts.upgrade_password(account_id=account.id, was=encoded, encoded=checked.upgraded)
    return account


def look_at_attempt(*, attempt: str, now: dt.datetime) -> MoreNeeded | NewHere | AskedForCode:
    """This function will say what a sign-in under way waits for, to show its page again; raises AttemptEnded."""
    with db.write():
        waiting = _resume(attempt, now=now)
        if waiting.account_id is not None:
            account = accounts.lock(account_id=waiting.account_id)
            if account is None:
                raise AttemptEnded("This sign-in is over.")
            enrolled = read_enrolled(account)
            return _more(enrolled, waiting.proved, _needed(enrolled, waiting.proved), attempt=attempt, now=now)
        kind = AddressKind(waiting.kind)
        if CODE_OF[kind] in waiting.proved and accounts.find(kind=kind, address=waiting.address) is None:
            return NewHere(attempt=attempt, kind=kind, address=waiting.address)
        return AskedForCode(attempt=attempt, kind=kind, address=waiting.address, expires_at=waiting.ends_at)


def send_second_code(*, attempt: str, factor: Factor, visit: Visit, now: dt.datetime) -> SentTo:
    """This function will send the code of a second step, to the account's own address.

    Raises AttemptEnded, FactorNotNeeded, and what send_code raises.
    """
    with db.write():
        waiting = _resume(attempt, now=now)
        enrolled = _enrolled(waiting)
    to = enrolled.address_for(factor)
    if to is None or factor not in _needed(enrolled, waiting.proved):
        raise FactorNotNeeded("No code of this kind is needed.")
    sent = send_code(
        purpose=_SECOND,
        kind=to.kind,
        address=to.text,
        caller=visit.caller,
        language=enrolled.account.language,
        now=now,
    )
    with db.write():
        identity.attempts.set_code(attempt_id=waiting.id, code_id=sent.code_id, code_factor=factor)
    return SentTo(hidden=accounts.hidden(to.kind, to.text), expires_at=sent.expires_at)


def sign_in_by_second_factor(
    *, attempt: str, factor: Factor, text: str, trust: bool, visit: Visit, now: dt.datetime
) -> SignedIn | MoreNeeded:
    """This function will check a second step and sign in; `trust`: this browser needs none for a while.

    It is MoreNeeded again only when the account was given more to prove meanwhile. Raises FactorWrong, FactorNotNeeded,
    TooManyTries, AttemptEnded, PasswordsBusy.
    """
    with db.write():
        waiting = _resume(attempt, now=now)
        enrolled = _enrolled(waiting)
        is_admitted = identity.attempts.take_try(attempt_id=waiting.id)
    if not is_admitted:
        raise AttemptEnded("Too many tries: this sign-in is over.")
    if factor not in _needed(enrolled, waiting.proved) - {Factor.PASSKEY}:
        raise FactorNotNeeded("This cannot be the second step.")
    shown = Shown(
        factor=factor,
        text=text,
        purpose=_SECOND,
        code_id=waiting.code_id if waiting.code_factor is factor else "",
        address=enrolled.address_for(factor),
    )
    is_right = prepare(account_id=enrolled.account.id, shown=shown, visit=visit, now=now)
    with db.write():
        waiting = _resume(attempt, now=now)
        account_id = _enrolled(waiting).account.id
        if is_right():
            if factor is Factor.RECOVERY_CODE:
                _tell_used(account_id, visit, now)
            proved = waiting.proved | {factor}
            return _go_on(account_id, proved, attempt=attempt, waiting=waiting, trust=trust, visit=visit, now=now)
    # Raised only now: that it was tried is to be kept.
    nobody = Actor(kind=ActorKind.GUEST, factors=tuple(sorted(waiting.proved)), place=visit.place)
    refuse_factor(account_id=account_id, actor=nobody, operation="account.sign_in", factor=factor, now=now)
    raise FactorWrong("This was not right.")


def go_on_with_passkey(
    *, account_id: int, visit: Visit, now: dt.datetime, attempt: str = "", trust: bool = False
) -> SignedIn:
    """This function will sign in by a passkey that was just verified, with its user; it is enough alone.

    The caller holds a transaction. An attempt that is under way ends; it may be of another account, or of nobody.
    """
    proved = {Factor.PASSKEY}
    waiting = identity.attempts.resume(secret=attempt, now=now) if attempt else None
    if waiting is not None:
        if waiting.account_id == account_id:
            proved |= waiting.proved
        identity.attempts.end(attempt_id=waiting.id, now=now)
    return begin_session(account_id=account_id, factors=proved, trust=trust, visit=visit, now=now)


def resume_proved(*, attempt: str, now: dt.datetime) -> identity.Attempt:
    """This function will return a sign-in under way whose address was proved by a code; raises AttemptEnded.

    The caller holds a transaction, and goes on with it: by opening an account, or by recovering one.
    """
    waiting = _resume(attempt, now=now)
    if CODE_OF[AddressKind(waiting.kind)] not in waiting.proved:
        raise AttemptEnded("No address was proved in this sign-in.")
    return waiting


def _go_on(
    account_id: int,
    proved: frozenset[Factor],
    *,
    visit: Visit,
    now: dt.datetime,
    attempt: str = "",
    waiting: identity.Attempt | None = None,
    address: tuple[AddressKind, str] | None = None,
    trust: bool = False,
) -> SignedIn | MoreNeeded:
    """Begin a session if enough was proved, else say what is missing; the caller holds a transaction."""
    account = accounts.lock(account_id=account_id)
    if account is None:
        raise AttemptEnded("This sign-in is over.")
    enrolled = read_enrolled(account)
    needed = _needed(enrolled, proved)
    if needed and not enrolled.is_staff:
        is_trusted = identity.browsers.is_trusted(account_id=account_id, secret=visit.browser, now=now)
        needed = frozenset() if is_trusted else needed
    if not needed:
        if waiting is not None and not identity.attempts.end(attempt_id=waiting.id, now=now):
            raise AttemptEnded("This sign-in is over.")
        return begin_session(account_id=account_id, factors=proved, trust=trust, visit=visit, now=now)
    if waiting is not None:
        identity.attempts.note(attempt=waiting, account_id=account_id, proved=proved)
    elif address is not None:
        kind, text = address
        attempt = identity.attempts.begin(account_id=account_id, kind=kind, address=text, proved=proved, now=now)
    return _more(enrolled, proved, needed, attempt=attempt, now=now)


def _more(
    enrolled: Enrolled, proved: frozenset[Factor], needed: frozenset[Factor], *, attempt: str, now: dt.datetime
) -> MoreNeeded:
    may_recover = bool(proved & set(KIND_OF)) and not enrolled.is_staff
    return MoreNeeded(
        attempt=attempt,
        factors=needed,
        hidden=enrolled.hidden(needed),
        can_trust=not enrolled.is_staff and config.get().browser_trust_days > 0,
        may_recover=may_recover,
        recovery=identity.recoveries.find(account_id=enrolled.account.id, now=now) if may_recover else None,
    )


def _needed(enrolled: Enrolled, proved: frozenset[Factor]) -> frozenset[Factor]:
    return identity.needed_beside(
        proved,
        enrolled=enrolled.factors,
        sms_second=enrolled.account.sms_second,
        is_staff=enrolled.is_staff,
    )


def _resume(attempt: str, *, now: dt.datetime) -> identity.Attempt:
    waiting = identity.attempts.resume(secret=attempt, now=now)
    if waiting is None:
        raise AttemptEnded("This sign-in is over.")
    return waiting


def _enrolled(waiting: identity.Attempt) -> Enrolled:
    account = accounts.lock(account_id=waiting.account_id) if waiting.account_id is not None else None
    if account is None:
        raise AttemptEnded("This sign-in is over.")
    return read_enrolled(account)


def _tell_used(account_id: int, visit: Visit, now: dt.datetime) -> None:
    left = identity.recovery.count_left(account_id=account_id)
    facts = {"device": visit.device, "place": visit.place, "left": str(left)}
    tell_owner(account_id=account_id, notice=Notice.RECOVERY_CODE_USED, facts=facts, now=now)
