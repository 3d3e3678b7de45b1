"""Passkeys in tests: begun, made or used, and answered, by domain functions alone."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable

import pytest

from evertill.domains import identity
from evertill.domains.identity import Ceremony, Passkey, UsedPasskey
from evertill.domains.identity.ceremonies import PasskeyRefused
from tests.authenticator import Authenticator
from tests.builders import NOON

ADA, EVE = 17, 18
IN_TIME, LATE = NOON + dt.timedelta(minutes=4, seconds=59), NOON + dt.timedelta(minutes=5)


def to_add(account_id: int | None = ADA, *, subject: str = "session 1", ceremony: Ceremony = Ceremony.ADD) -> str:
    return identity.ceremonies.begin_registration(
        ceremony=ceremony, subject=subject, account_id=account_id, name="ada@example.com", caller="ip", now=NOON
    )


def add(
    answer: str,
    *,
    account_id: int = ADA,
    name: str = "Ada’s phone",
    subject: str = "session 1",
    ceremony: Ceremony = Ceremony.ADD,
    now: dt.datetime = IN_TIME,
) -> Passkey:
    taken = identity.ceremonies.take_registration(text=answer, ceremony=ceremony, subject=subject, now=now)
    credential = identity.ceremonies.check_registration(taken)
    return identity.ceremonies.add(account_id=account_id, taken=taken, credential=credential, name=name, now=now)


def registered(device: Authenticator, account_id: int = ADA) -> Passkey:
    return add(device.make(to_add(account_id)), account_id=account_id)


def to_use(*, subject: str = "", ceremony: Ceremony = Ceremony.SIGN_IN, account_id: int | None = None) -> str:
    return identity.ceremonies.begin_assertion(
        ceremony=ceremony, subject=subject, account_id=account_id, caller="ip", now=NOON
    )


def use(
    answer: str,
    *,
    subject: str = "",
    ceremony: Ceremony = Ceremony.SIGN_IN,
    account_id: int | None = None,
    now: dt.datetime = IN_TIME,
) -> UsedPasskey:
    taken = identity.ceremonies.take_assertion(text=answer, ceremony=ceremony, subject=subject, now=now)
    return identity.ceremonies.use(taken=taken, account_id=account_id, now=now)


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(PasskeyRefused) as raised:
        call()
    return str(raised.value.facts["refusal"])


def challenge_of(options: str) -> bytes:
    """The challenge that a browser is asked to have signed."""
    return from_text(json.loads(options)["challenge"])


def from_text(value: str) -> bytes:
    """Bytes of base64url without padding."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
