"""Sign in: by a code or a password, then by a second step where the account has one; a passkey is enough alone.

Up to the last step nothing tells whether anybody has the address that was typed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from evertill.domains.accounts import AddressKind
from evertill.domains.identity import Factor
from evertill.journeys.begin_session import SignedIn, Visit
from evertill.kernel.errors import EvertillError

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


class FactorWrong(EvertillError):
    """A second step was not right."""

    code = "FACTOR_WRONG"
    status = "unauthenticated"
    remedy = "Check what you put in, or choose another way."


class TooManyTries(EvertillError):
    """Too many tries failed; `next_at` says when the next one is allowed, "" when another way is needed."""

    code = "TOO_MANY_TRIES"
    status = "busy"
    remedy = "Wait, or choose another way."


class AttemptEnded(EvertillError):
    """A sign-in that was under way is over: it took too long, or was finished."""

    code = "ATTEMPT_ENDED"
    status = "conflict"
    remedy = "Begin to sign in again."


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedForCode:
    """A code was sent, whoever has the address. `attempt` is a secret for the browser that asked."""

    attempt: str
    kind: AddressKind
    address: str
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A recovery that was asked for: from when to when it can be finished."""

    asked_at: dt.datetime
    ready_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreNeeded:
    """One of these factors is needed too. `hidden` says where codes for them would go."""

    attempt: str
    factors: frozenset[Factor]
    hidden: Mapping[Factor, str]
    can_trust: bool
    recovery: Recovery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHere:
    """The address was proved, and nobody has it: an account can be opened."""

    attempt: str
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

    Raises AddressInvalid and SendingLimited.
    """
    raise NotImplementedError


def sign_in_by_code(*, attempt: str, digits: str, visit: Visit, now: dt.datetime) -> Outcome:
    """This function will use a code; raises CodeWrong, AttemptEnded."""
    raise NotImplementedError


def sign_in_by_password(*, address: str, password: str, visit: Visit, now: dt.datetime) -> SignedIn | MoreNeeded:
    """This function will check a password; raises SignInRefused, TooManyTries, PasswordsBusy."""
    raise NotImplementedError


def look_at_attempt(*, attempt: str, visit: Visit, now: dt.datetime) -> MoreNeeded | NewHere | AskedForCode:
    """This function will say what a sign-in under way waits for, to show its page again; raises AttemptEnded."""
    raise NotImplementedError


def send_second_code(*, attempt: str, factor: Factor, visit: Visit, now: dt.datetime) -> SentTo:
    """This function will send the code of a second step; raises AttemptEnded, SendingLimited."""
    raise NotImplementedError


def sign_in_by_second_factor(
    *, attempt: str, factor: Factor, text: str, trust: bool, visit: Visit, now: dt.datetime
) -> SignedIn:
    """This function will check a second step and sign in; raises FactorWrong, TooManyTries, AttemptEnded."""
    raise NotImplementedError


def go_on_with_passkey(
    *, account_id: int, visit: Visit, now: dt.datetime, attempt: str = "", trust: bool = False
) -> SignedIn:
    """This function will sign in by a passkey that was just verified, with its user; the caller holds a transaction."""
    raise NotImplementedError
