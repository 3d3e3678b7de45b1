"""What crosses the boundary of accounts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class AddressKind(StrEnum):
    """How somebody can be reached."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"


class AccountState(StrEnum):
    """Whether somebody still has an account."""

    ACTIVE = "ACTIVE"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer, or a member of staff, who can sign in. `sms_second`: an SMS code is his second step."""

    id: int
    state: AccountState
    display_name: str
    language: str
    has_password: bool
    sms_second: bool
    created_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address of an account, in its one spelling, and when it was proved by a code that was sent there."""

    kind: AddressKind
    text: str
    proved_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Accounts whose names have something in common; `is_all` says whether there are no others."""

    account_ids: tuple[int, ...] = ()
    is_all: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of a password: whether it was right, and its new hash if the one that is kept is out of date."""

    is_right: bool
    upgraded: str
