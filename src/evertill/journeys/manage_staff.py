"""Manage staff: an account works for the shop, if it has what staff prove themselves by; or no longer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evertill.domains import access, accounts, identity
from evertill.domains.access import OWNER, Objection, Permission, Role, RoleGrant, Staff
from evertill.domains.accounts import Account, Address
from evertill.domains.identity import Factor, Session
from evertill.domains.trail import Subject
from evertill.journeys.enrolled_factors import StaffNeedStrongFactor, read_enrolled
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.proved_anew import proved_anew
from evertill.journeys.record_act import record_for
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel import config
from evertill.kernel.errors import EvertillError

__all__ = [
    "AccountUnknown",
    "LastOwner",
    "Member",
    "NotStaff",
    "Shown",
    "StaffNeedStrongFactor",
    "StillInRoles",
    "add_staff",
    "find_staff",
    "list_staff",
    "lock_account",
    "remove_staff",
    "show_member",
]

_SESSIONS_SHOWN = 10


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


class StillInRoles(EvertillError):
    """The account has roles, and each of them is taken by itself."""

    code = "STILL_IN_ROLES"
    status = "conflict"
    remedy = "Take its roles first; another person approves each."


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
    # The session that he began last, of those that are still kept.
    last: Session | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A member as his page shows him: his roles and who gave them, his last sessions with when they were ended.

    `givable` is every role with why the asker may not give it to him, `takable` each that he has with why it may not be
    taken; None where he may.
    """

    member: Member
    grants: Sequence[RoleGrant]
    sessions: Sequence[tuple[Session, dt.datetime | None]]
    givable: Sequence[tuple[Role, Objection | None]]
    takable: Mapping[str, Objection | None]


def add_staff(*, address: str, asker: Asker, now: dt.datetime) -> bool:
    """This function will make the account of an address staff, in no role yet, and say whether it was not yet.

    Its sessions end, because those of staff are shorter, and no browser is trusted any more. Raises Forbidden,
    StepUpRequired, AddressInvalid, AccountUnknown, and StaffNeedStrongFactor while it has neither a passkey nor an
    authenticator app.
    """
    subject = Subject(kind="staff", id="new")
    with permitted(asker=asker, permission=Permission.ACCESS_GRANT, subject=subject, now=now):
        account = lock_account(address=address)
        if not read_enrolled(account).factors & {Factor.PASSKEY, Factor.TOTP}:
            raise StaffNeedStrongFactor("This account has neither a passkey nor an authenticator app.")
        proved_anew(asker=asker, permission=Permission.ACCESS_GRANT, subject=_subject(account.id), now=now)
        is_new = access.add_staff(account_id=account.id, by=asker.name, now=now)
        if is_new:
            _change(account, Notice.STAFF_ADDED, now=now)
            record_for(account_id=account.id, actor=asker.actor, operation="access.add_staff", now=now)
        return is_new


def remove_staff(*, asker: Asker, account_id: int, now: dt.datetime) -> None:
    """This function will make an account a customer's again and end its sessions.

    The operator takes its roles with that; staff take each of them before, since each needs another's approval.
    Raises Forbidden, StepUpRequired, StillInRoles, AccountUnknown, NotStaff, and LastOwner.
    """
    subject = _subject(account_id)
    with permitted(asker=asker, permission=Permission.ACCESS_GRANT, subject=subject, now=now):
        access.lock_roles()
        account = accounts.lock(account_id=account_id)
        if account is None:
            raise AccountUnknown("There is no such account.")
        roles = _roles(account)
        if OWNER in roles and access.count_owners() <= 1:
            raise LastOwner("Nobody else owns the shop.")
        if roles and asker.account_id is not None:
            raise StillInRoles(f"This account still is {', '.join(roles)}.")
        proved_anew(asker=asker, permission=Permission.ACCESS_GRANT, subject=subject, now=now)
        if not access.remove_staff(account_id=account.id):
            raise NotStaff("This account does not work for the shop.")
        for role in roles:
            access.revoke_role(account_id=account.id, role=role, by=asker.name, why="no longer staff", now=now)
        _change(account, Notice.STAFF_REMOVED, now=now)
        record_for(
            account_id=account.id, actor=asker.actor, operation="access.remove_staff", before={"roles": roles}, now=now
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


def list_staff(*, asker: Asker, now: dt.datetime) -> list[Member]:
    """This function will return everybody who works for the shop, in the order in which they came; raises Forbidden."""
    subject = Subject(kind="staff", id="all")
    with permitted(asker=asker, permission=Permission.ACCESS_READ, subject=subject, now=now):
        members = [_member(one) for one in access.list_staff()]
    return [member for member in members if member is not None]


def show_member(*, asker: Asker, account_id: int, now: dt.datetime) -> Shown:
    """This function will return somebody who works for the shop, with what the asker could give him, and take.

    Raises Forbidden, and NotStaff.
    """
    subject = _subject(account_id)
    with permitted(asker=asker, permission=Permission.ACCESS_READ, subject=subject, now=now) as holder:
        found = [one for one in access.list_staff() if one.account_id == account_id]
        member = _member(found[0]) if found else None
        if member is None:
            raise NotStaff("This account does not work for the shop.")
        bearer = access.read_holder(account_id=account_id)
        roles, owners = access.list_roles(), access.count_owners()
        held = [role for role in bearer.roles if any(role.name == one.name for one in roles)]
        return Shown(
            member=member,
            grants=access.list_grants(account_id=account_id),
            sessions=identity.sessions.list_kept(account_id=account_id, limit=_SESSIONS_SHOWN),
            givable=[(one, access.objection_to_grant(asker=holder, role=one, receiver=bearer)) for one in roles],
            takable={
                one.name: access.objection_to_revoke(asker=holder, role=one, bearer=bearer, owners=owners)
                for one in held
            },
        )


def _member(one: Staff) -> Member | None:
    account = accounts.read(account_id=one.account_id)
    if account is None:
        return None
    enrolled = read_enrolled(account)
    return Member(
        account_id=account.id,
        display_name=account.display_name,
        addresses=enrolled.addresses,
        factors=enrolled.factors,
        roles=_roles(account),
        added_at=one.added_at,
        added_by=one.added_by,
        last=next((last for last, _ended in identity.sessions.list_kept(account_id=account.id, limit=1)), None),
    )


def _subject(account_id: int) -> Subject:
    return Subject(kind="account", id=str(account_id))


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
