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


class Operation(StrEnum):
    """What needs step-up: a factor proved anew, for this and one object. Others may be named by whoever needs them."""

    CHANGE_PASSWORD = "CHANGE_PASSWORD"  # noqa: S105 — the name of an operation.
    SET_PASSWORD = "SET_PASSWORD"  # noqa: S105 — as above.
    REMOVE_PASSWORD = "REMOVE_PASSWORD"  # noqa: S105 — as above.
    ADD_ADDRESS = "ADD_ADDRESS"
    REMOVE_ADDRESS = "REMOVE_ADDRESS"
    ADD_TOTP = "ADD_TOTP"
    REMOVE_TOTP = "REMOVE_TOTP"
    ADD_PASSKEY = "ADD_PASSKEY"
    REMOVE_PASSKEY = "REMOVE_PASSKEY"
    SMS_SECOND_ON = "SMS_SECOND_ON"
    SMS_SECOND_OFF = "SMS_SECOND_OFF"
    MAKE_RECOVERY_CODES = "MAKE_RECOVERY_CODES"
    EXPORT_DATA = "EXPORT_DATA"
    DELETE_ACCOUNT = "DELETE_ACCOUNT"
    PAY = "PAY"
    VIEW_CODES = "VIEW_CODES"


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
    browser_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A sign-in that is under way: what was proved so far, and of whom, if that is known.

    `kind` and `address` are what was typed, in its one spelling; `code_id` is the code that was sent last, as this
    factor.
    """

    id: int
    account_id: int | None
    kind: str
    address: str
    proved: frozenset[Factor]
    code_id: str
    code_factor: Factor | None
    started_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A browser that an account signed in with. `places` are networks, the newest last."""

    id: int
    device: str
    places: tuple[str, ...]
    first_at: dt.datetime
    last_at: dt.datetime
    trusted_until: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The browser that an account signs in with, whether it was never seen before, and whether its place was not."""

    browser_id: int
    is_new: bool
    is_new_place: bool
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A request to remove what an account's owner lost: from when until when it can be finished."""

    id: int
    account_id: int
    asked_at: dt.datetime
    ready_at: dt.datetime
    ends_at: dt.datetime
