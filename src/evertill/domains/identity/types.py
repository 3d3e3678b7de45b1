"""What crosses the boundary of identity."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Factor(StrEnum):
    """What proves who somebody is."""

    PASSWORD = "PASSWORD"  # noqa: S105 — the name of a factor.
    EMAIL_CODE = "EMAIL_CODE"
    SMS_CODE = "SMS_CODE"
    TOTP = "TOTP"
    PASSKEY = "PASSKEY"
    RECOVERY_CODE = "RECOVERY_CODE"


class Ceremony(StrEnum):
    """What a passkey is made or used for; a challenge is good for one of them."""

    ADD = "ADD"
    SIGN_UP = "SIGN_UP"
    SIGN_IN = "SIGN_IN"
    STEP_UP = "STEP_UP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey of an account. Backed up: it is on more than one device. Suspected: there may be a copy of it."""

    id: int
    name: str
    credential_id: bytes
    transports: tuple[str, ...]
    is_backup_eligible: bool
    is_backed_up: bool
    added_at: dt.datetime
    used_at: dt.datetime | None
    suspected_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedPasskey:
    """Whose passkey was used. `is_suspected`: its sign count has not grown, so nothing is proved by it."""

    account_id: int
    passkey_id: int
    name: str
    is_suspected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """How often something may be done in a window of time that begins at every multiple of its length."""

    kind: str
    most: int
    window_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A one-time code as it was made. The digits go to the address; the id goes to the browser that asked."""

    id: str
    digits: str
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whether a guess may be made now; else when, or None when only a stronger way in is left."""

    is_admitted: bool
    next_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in. `proved` says which factors were proved, and when each was last."""

    id: int
    account_id: int
    is_staff: bool
    device: str
    place: str
    proved: dict[Factor, dt.datetime]
    started_at: dt.datetime
    seen_at: dt.datetime
    ends_at: dt.datetime
