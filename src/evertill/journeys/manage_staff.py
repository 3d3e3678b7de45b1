"""Manage staff: an account works for the shop, if it has what staff prove themselves by; or no longer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from evertill.domains import access, accounts, identity
from evertill.domains.access import OWNER
from evertill.domains.accounts import Account, Address
from evertill.domains.identity import Factor
from evertill.domains.trail import Actor
from evertill.journeys.enrolled_factors import StaffNeedStrongFactor, read_enrolled
from evertill.journeys.record_act import record_for
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError

__all__ = [
    "AccountUnknown",
    "LastOwner",
    "Member",
    "NotStaff",
    "StaffNeedStrongFactor",
    "add_staff",
    "find_staff",
    "list_staff",
    "lock_account",
    "remove_staff",
]


class AccountUnknown(EvertillError):
    """No account has this address."""

    code = "ACCOUNT_UNKNOWN"
    status = "not_found"
    remedy = "Let this person sign up in the shop first, with this address."


class NotStaff(EvertillError):
    """The account does not work for the shop."""

    code = "NOT_STAFF"
    status = "not_found"
    remedy = "Look at the list of staff."


class LastOwner(EvertillError):
    """The account is the only one that owns the shop."""

    code = "LAST_OWNER"
    status = "conflict"
    remedy = "Make somebody else an owner first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who works for the shop, as a list shows him."""

    account_id: int
    display_name: str
    addresses: Sequence[Address]
    factors: frozenset[Factor]
    roles: Sequence[str]
    added_at: dt.datetime
    added_by: str


def add_staff(*, address: str, actor: Actor, now: dt.datetime) -> bool:
    """This function will make the account of an address staff, and say whether it was not yet.

    Its sessions end, because those of staff are shorter, and no browser is trusted any more. Raises AddressInvalid,
    AccountUnknown, and StaffNeedStrongFactor while it has neither a passkey nor an authenticator app.
    """
    with db.write():
        account = lock_account(address=address)
        if not read_enrolled(account).factors & {Factor.PASSKEY, Factor.TOTP}:
            raise StaffNeedStrongFactor("This account has neither a passkey nor an authenticator app.")
        is_new = access.add_staff(account_id=account.id, by=actor.id, now=now)
        if is_new:
            _change(account, Notice.STAFF_ADDED, now=now)
            record_for(account_id=account.id, actor=actor, operation="access.add_staff", now=now)
        return is_new


def remove_staff(*, address: str, actor: Actor, now: dt.datetime) -> None:
    """This function will make an account a customer's again, take its roles and end its sessions.

    Raises AccountUnknown, NotStaff, and LastOwner.
    """
    with db.write():
        access.lock_roles()
        account = lock_account(address=address)
        roles = _roles(account)
        if OWNER in roles and access.count_owners() <= 1:
            raise LastOwner("Nobody else owns the shop.")
        if not access.remove_staff(account_id=account.id):
            raise NotStaff("This account does not work for the shop.")
        for role in roles:
            access.revoke_role(
                account_id=account.id, role=role, by=f"{actor.kind}:{actor.id}", why="no longer staff", now=now
            )
        _change(account, Notice.STAFF_REMOVED, now=now)
        record_for(
            account_id=account.id, actor=actor, operation="access.remove_staff", before={"roles": roles}, now=now
        )


def find_staff(*, address: str) -> int:
    """This function will return the account of an address that works for the shop; raises AccountUnknown, NotStaff."""
    kind, spelled = accounts.read_address(address, region=config.get().phone_region)
    found = accounts.find(kind=kind, address=spelled)
    if found is None:
        raise AccountUnknown("No account has this address.")
    if not access.is_staff(account_id=found.id):
        raise NotStaff("This account does not work for the shop.")
    return found.id


def list_staff() -> list[Member]:
    """This function will return everybody who works for the shop, in the order in which they came."""
    members = []
    for one in access.list_staff():
        account = accounts.read(account_id=one.account_id)
        if account is None:
            continue
        enrolled = read_enrolled(account)
        members.append(
            Member(
                account_id=account.id,
                display_name=account.display_name,
                addresses=enrolled.addresses,
                factors=enrolled.factors,
                roles=_roles(account),
                added_at=one.added_at,
                added_by=one.added_by,
            )
        )
    return members


def lock_account(*, address: str) -> Account:
    """This function will return the account of an address, locked; the caller holds a transaction.

    Raises AddressInvalid, AccountUnknown.
    """
    kind, spelled = accounts.read_address(address, region=config.get().phone_region)
    found = accounts.find(kind=kind, address=spelled)
    account = accounts.lock(account_id=found.id) if found is not None else None
    if account is None:
        raise AccountUnknown("No account has this address.")
    return account


def _roles(account: Account) -> list[str]:
    return [grant.role for grant in access.list_grants(account_id=account.id)]


def _change(account: Account, notice: Notice, *, now: dt.datetime) -> None:
    accounts.set_sms_second(account_id=account.id, is_on=False)
    identity.sessions.end_others(account_id=account.id, but=None, why="staff changed", now=now)
    identity.browsers.end_trust(account_id=account.id)
    identity.recoveries.cancel(account_id=account.id, why="staff changed", now=now)
    tell_owner(account_id=account.id, notice=notice, facts={}, now=now)
