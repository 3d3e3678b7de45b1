"""Customers who sign up and in, a pocket that their codes arrive in, and a hasher that costs next to nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.hashers import ScryptPasswordHasher

from evertill.domains import identity, messages, trail
from evertill.domains.identity.rules import hotp
from evertill.domains.messages import Channel, Letter, Post
from evertill.journeys import manage_second_factors, step_up
from evertill.journeys.begin_session import SignedIn, Visit
from evertill.journeys.sign_in import MoreNeeded, NewHere, Outcome, ask_for_code, sign_in_by_code
from evertill.journeys.sign_up import sign_up
from evertill.kernel import crypto
from tests.builders import NOON
from tests.kernel.waiting import until

ADA, PHONE, PASSWORD = "ada@example.com", "+8613800000000", "correct horse battery staple"
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
ROOT = trail.Actor(kind=trail.ActorKind.OPERATOR, id="root")
VISIT = Visit(
    caller="203.0.113.7", device="Firefox on Linux", place="203.0.0.0/16", browser="", language="en", session=None
)


class CheapHasher(ScryptPasswordHasher):
    """Scrypt that costs next to nothing, and counts how often it was asked to hash."""

    work_factor = 2**4
    parallelism = 1
    calls = 0
    _lock = threading.Lock()

    def encode(self, *args: Any, **kwargs: Any) -> str:
        with CheapHasher._lock:
            CheapHasher.calls += 1
        return super().encode(*args, **kwargs)


class Pocket:
    """Takes every letter, by email and by SMS."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    @contextmanager
    def open(self) -> Iterator[Post]:
        yield self.letters.append

    def code_of(self, code_id: str) -> str:
        """The code of an id, once it has come: where many ask at once, nobody waits for it to be sent."""
        reference = crypto.fingerprint(b"code", code_id.encode()).hex()

        def come() -> list[Letter]:
            return [letter for letter in list(self.letters) if letter.reference == reference]

        until(come)
        (letter,) = come()
        return letter.values["code"]

    def code(self, to: str = ADA) -> str:
        """The code that came last."""
        return next(letter.values["code"] for letter in reversed(self.letters) if letter.to == to)


@contextmanager
def pocket() -> Iterator[Pocket]:
    """A pocket that everything goes into while the block runs."""
    made = Pocket()
    messages.register({Channel.EMAIL: made, Channel.SMS: made})
    try:
        yield made
    finally:
        messages.register({})


def at(visit: Visit = VISIT, **changed: Any) -> Visit:
    """A visit that differs."""
    return dataclasses.replace(visit, **changed)


def back(signed: SignedIn, visit: Visit = VISIT) -> Visit:
    """A visit by the browser that was signed in with, without its session."""
    return dataclasses.replace(visit, browser=signed.browser_secret)


def come_by_code(pocket: Pocket, address: str = ADA, *, visit: Visit = VISIT, now: dt.datetime = NOON) -> Outcome:
    """Ask for a code and put it in."""
    asked = ask_for_code(address=address, visit=visit, now=now)
    return sign_in_by_code(attempt=asked.attempt, digits=pocket.code(asked.address), visit=visit, now=now)


def signed_up(
    pocket: Pocket,
    address: str = ADA,
    *,
    password: str = "",
    name: str = "Ada",
    visit: Visit = VISIT,
    now: dt.datetime = NOON,
) -> SignedIn:
    """Somebody who has just opened an account."""
    outcome = come_by_code(pocket, address, visit=visit, now=now)
    assert isinstance(outcome, NewHere), outcome
    return sign_up(attempt=outcome.attempt, display_name=name, password=password, visit=visit, now=now)


def signed_in(pocket: Pocket, address: str = ADA, *, visit: Visit = VISIT, now: dt.datetime = NOON) -> SignedIn:
    """Somebody who signs in by a code, which is enough for him."""
    outcome = come_by_code(pocket, address, visit=visit, now=now)
    assert isinstance(outcome, SignedIn), outcome
    return outcome


def more(outcome: Outcome) -> MoreNeeded:
    """An outcome that must ask for more."""
    assert isinstance(outcome, MoreNeeded), outcome
    return outcome


def stepped_up(
    pocket: Pocket,
    session: identity.Session,
    operation: identity.Operation,
    subject: str = "",
    *,
    factor: identity.Factor = identity.Factor.EMAIL_CODE,
    now: dt.datetime = NOON,
) -> None:
    """Prove again that it is you, by a code."""
    sent = step_up.send_code(session=session, operation=operation, subject=subject, factor=factor, visit=VISIT, now=now)
    step_up.prove(
        session=session,
        operation=operation,
        subject=subject,
        factor=factor,
        text=pocket.code_of(sent.code_id),
        code_id=sent.code_id,
        visit=VISIT,
        now=now,
    )


def app_code(secret: str, now: dt.datetime = NOON) -> str:
    """What an authenticator app with this secret shows."""
    import base64

    return hotp(base64.b32decode(secret + "=" * (-len(secret) % 8)), int(now.timestamp()) // 30)


def wrong_app_code(secret: str, now: dt.datetime = NOON) -> str:
    """What an authenticator app with this secret shows neither at a moment nor a step before or after it."""
    shown = {app_code(secret, now + steps * dt.timedelta(seconds=30)) for steps in (-1, 0, 1)}
    return next(code for code in ("000000", "000001", "000002", "000003") if code not in shown)


def with_app(pocket: Pocket, signed: SignedIn) -> str:
    """Give an account an authenticator app, and return its secret."""
    stepped_up(pocket, signed.session, identity.Operation.ADD_TOTP)
    secret = manage_second_factors.begin_totp(session=signed.session, now=NOON).secret
    manage_second_factors.confirm_totp(session=signed.session, code=app_code(secret), visit=VISIT, now=NOON)
    return secret


def told() -> list[tuple[str, str]]:
    """What owners were told, and where, by when and where it was written."""
    found = [message for message in messages.read_open(limit=100) if message.kind == messages.Kind.ACCOUNT_NOTICE]
    found.sort(key=lambda message: (message.written_at, message.facts["notice"], message.to))
    return [(message.facts["notice"], message.to) for message in found]


def is_open(secret: str, now: dt.datetime = NOON) -> bool:
    """Whether a session goes on."""
    return identity.sessions.resume(secret=secret, now=now) is not None


class DearerHasher(CheapHasher):
    """What a later release would hash by."""

    work_factor = 2**5


def recorded() -> list[str]:
    """What the audit trail says was done, in the sequence in which it was, by one after the other."""
    found = trail.read_records(search=trail.Search(), limit=100)
    return [record.operation for record in sorted(found, key=lambda record: (record.chain, record.seq))]
