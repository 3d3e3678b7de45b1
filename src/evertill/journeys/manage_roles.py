"""Manage roles: give one to an account that works for the shop, take it, compose one of the shop's own.

Each change is decided by pure rules on what everybody has at this moment, one change at a time, and approved by a
second person; the operator of the machine needs none. Whoever looked at an older state is told what has changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from evertill.domains import access, trail
from evertill.domains.access import Holder, Objection, Permission, Role, RoleGrant
from evertill.domains.approvals import Approval
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.manage_staff import NotStaff
from evertill.journeys.permitted import Asker, Forbidden, Wish, approved, check_permitted, permitted, recording_refusals
from evertill.journeys.proved_anew import proved_anew
from evertill.kernel import db
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import check_unchanged

__all__ = [
    "Role",
    "RoleGrant",
    "RoleUnchanged",
    "ShownRole",
    "ask_to_define_role",
    "ask_to_grant_role",
    "ask_to_revoke_role",
    "define_role",
    "find_role",
    "grant_role",
    "list_grants",
    "list_roles",
    "revoke_role",
    "show_roles",
]

# What is no refusal: somebody was faster, or the wrong name was typed.
_UNCHANGED = (Objection.HELD, Objection.NOT_GIVEN)


class RoleUnchanged(EvertillError):
    """The account has the role already, or does not have it."""

    code = "ROLE_UNCHANGED"
    status = "conflict"
    remedy = "Look at the roles of this account."


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRole:
    """A role, and the accounts that have it."""

    role: Role
    bearers: Sequence[int]


def grant_role(
    *, asker: Asker, account_id: int, role: str, why: str, now: dt.datetime, seen: Collection[str] | None = None
) -> None:
    """This function will give a role to an account that works for the shop, once another person has approved it.

    `seen` are the names of the roles that the asker saw the account have, to be told when that has changed. Raises
    Forbidden, ApprovalRequired, StepUpRequired, ChangedMeanwhile, RoleUnchanged, NotStaff, and access.UnknownRole.
    """
    with _changing(asker, Permission.ACCESS_GRANT, _account(account_id), now=now) as holder:
        given, bearer = _judge_grant(holder, account_id, role)
        _check_seen(bearer, seen)
        by = approved(asker=asker, wish=_wish("grant", given, account_id), now=now)
        proved_anew(asker=asker, permission=Permission.ACCESS_GRANT, subject=_account(account_id), now=now)
        access.grant_role(account_id=account_id, role=role, by=asker.name, why=why, now=now)
        _record(asker, "access.grant_role", bearer, approved_by=by, why=why, now=now)


def ask_to_grant_role(*, asker: Asker, account_id: int, role: str, why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval that `grant_role` needs; raises what that raises."""
    with _changing(asker, Permission.ACCESS_GRANT, _account(account_id), now=now) as holder:
        given, _ = _judge_grant(holder, account_id, role)
    return decide_approvals.ask(asker=asker, wish=_wish("grant", given, account_id), why=why, now=now)


def revoke_role(
    *, asker: Asker, account_id: int, role: str, why: str, now: dt.datetime, seen: Collection[str] | None = None
) -> None:
    """This function will take a role from an account, once another person has approved it.

    One's own is given up alone, once it was proved anew who does so: whoever stole a session takes nobody's roles from
    him. Raises as `grant_role`, also when the shop would have no owner any more.
    """
    with _changing(asker, _to_revoke(asker, account_id), _account(account_id), now=now) as holder:
        taken, bearer = _judge_revoke(holder, account_id, role)
        _check_seen(bearer, seen)
        by = ""
        if asker.account_id != account_id:
            by = approved(asker=asker, wish=_wish("revoke", taken, account_id), now=now)
        proved_anew(asker=asker, permission=Permission.ACCESS_GRANT, subject=_account(account_id), now=now)
        access.revoke_role(account_id=account_id, role=role, by=asker.name, why=why, now=now)
        _record(asker, "access.revoke_role", bearer, approved_by=by, why=why, now=now)


def ask_to_revoke_role(*, asker: Asker, account_id: int, role: str, why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval that `revoke_role` needs; raises what that raises."""
    with _changing(asker, Permission.ACCESS_GRANT, _account(account_id), now=now) as holder:
        taken, _ = _judge_revoke(holder, account_id, role)
    return decide_approvals.ask(asker=asker, wish=_wish("revoke", taken, account_id), why=why, now=now)


def define_role(
    *,
    asker: Asker,
    name: str,
    says: str,
    permissions: Collection[Permission],
    seen: Role | None,
    why: str,
    now: dt.datetime,
) -> Role:
    """This function will make a role of the shop's own, or change it, once another person has approved it.

    `seen` is the role as the asker saw it, None for a new one. Raises Forbidden, ApprovalRequired, StepUpRequired,
    ChangedMeanwhile, and access.RoleNameInvalid.
    """
    subject = Subject(kind="role", id=name)
    with _changing(asker, Permission.ACCESS_DEFINE, subject, now=now) as holder:
        before, bearers = _judge_define(holder, name, frozenset(permissions))
        check_unchanged(what=f"The role '{name}'", seen=_shown(seen), now=_shown(before))
        by = approved(asker=asker, wish=_definition(name, says, permissions, before, bearers), now=now)
        proved_anew(asker=asker, permission=Permission.ACCESS_DEFINE, subject=subject, now=now)
        access.define_role(name=name, says=says, permissions=permissions, by=asker.name, now=now)
        after = access.read_role(name=name)
        trail.write(
            actor=asker.actor,
            operation="access.define_role",
            subject=subject,
            before=_shown(before) if before else None,
            after=_shown(after) | _approval(by),
            why=why,
            now=now,
        )
        return after


def ask_to_define_role(
    *, asker: Asker, name: str, says: str, permissions: Collection[Permission], why: str, now: dt.datetime
) -> Approval:
    """This function will ask for the approval that `define_role` needs; raises what that raises."""
    subject = Subject(kind="role", id=name)
    with _changing(asker, Permission.ACCESS_DEFINE, subject, now=now) as holder:
        before, bearers = _judge_define(holder, name, frozenset(permissions))
    return decide_approvals.ask(
        asker=asker, wish=_definition(name, says, permissions, before, bearers), why=why, now=now
    )


def find_role(*, name: str) -> Role | None:
    """This function will return a role by its name, None when there is none yet."""
    try:
        return access.read_role(name=name)
    except access.UnknownRole:
        return None


def list_roles() -> list[Role]:
    """This function will return every role that can be given: those that come with the shop, then its own."""
    return access.list_roles()


def show_roles(*, asker: Asker, now: dt.datetime) -> list[ShownRole]:
    """This function will return every role that can be given, with the accounts that have it; raises Forbidden."""
    subject = Subject(kind="role", id="all")
    with permitted(asker=asker, permission=Permission.ACCESS_READ, subject=subject, now=now):
        return [ShownRole(role=role, bearers=_bearers(role.name)) for role in access.list_roles()]


def list_grants(*, account_id: int | None = None) -> list[RoleGrant]:
    """This function will return which roles are given, of one account or of all, in the order in which they were."""
    return access.list_grants(account_id=account_id)


@contextmanager
def _changing(asker: Asker, permission: Permission | None, subject: Subject, *, now: dt.datetime) -> Iterator[Holder]:
    """One transaction with one change of roles, by somebody who may make it at all."""
    with recording_refusals(asker=asker, subject=subject, now=now), db.write():
        # Before anything is read that the change depends on.
        access.lock_roles()
        yield asker.read_holder() if permission is None else check_permitted(asker=asker, permission=permission)


def _to_revoke(asker: Asker, account_id: int) -> Permission | None:
    return None if asker.account_id == account_id else Permission.ACCESS_GRANT


def _judge_grant(asker: Holder, account_id: int, name: str) -> tuple[Role, Holder]:
    role = access.read_role(name=name)
    if not access.is_staff(account_id=account_id):
        raise NotStaff("This account does not work for the shop.")
    receiver = access.read_holder(account_id=account_id)
    _raise(access.objection_to_grant(asker=asker, role=role, receiver=receiver), Permission.ACCESS_GRANT)
    return role, receiver


def _judge_revoke(asker: Holder, account_id: int, name: str) -> tuple[Role, Holder]:
    role = access.read_role(name=name)
    bearer = access.read_holder(account_id=account_id)
    objection = access.objection_to_revoke(asker=asker, role=role, bearer=bearer, owners=access.count_owners())
    _raise(objection, Permission.ACCESS_GRANT)
    return role, bearer


def _judge_define(asker: Holder, name: str, after: frozenset[Permission]) -> tuple[Role | None, list[int]]:
    before = find_role(name=name)
    bearers = access.list_bearers(role=name)
    objection = access.objection_to_define(
        asker=asker,
        name=name,
        before=before.permissions if before else frozenset(),
        after=after,
        bearers=bearers,
    )
    _raise(objection, Permission.ACCESS_DEFINE)
    return before, [bearer.account_id for bearer in bearers if bearer.account_id is not None]


def _bearers(role: str) -> list[int]:
    return [bearer.account_id for bearer in access.list_bearers(role=role) if bearer.account_id is not None]


def _raise(objection: Objection | None, permission: Permission) -> None:
    if objection in _UNCHANGED:
        raise RoleUnchanged(objection.value)
    if objection is not None:
        raise Forbidden(objection, permission=permission)


def _check_seen(bearer: Holder, seen: Collection[str] | None) -> None:
    if seen is not None:
        check_unchanged(what="What this account may", seen={"roles": sorted(seen)}, now={"roles": _names(bearer)})


def _names(bearer: Holder) -> list[str]:
    return sorted(role.name for role in bearer.roles)


def _shown(role: Role | None) -> dict[str, Any]:
    if role is None:
        return {}
    return {"says": role.says, "permissions": sorted(role.permissions), "version": role.version}


def _wish(what: str, role: Role, account_id: int) -> Wish:
    # With what the role is made of at the time: one that was changed meanwhile is another one.
    return Wish(
        permission=Permission.ACCESS_GRANT,
        subject=_account(account_id),
        content={what: role.name},
        touched=(account_id,),
        at_stake=role.permissions,
    )


def _definition(
    name: str, says: str, permissions: Collection[Permission], before: Role | None, bearers: Collection[int]
) -> Wish:
    return Wish(
        permission=Permission.ACCESS_DEFINE,
        subject=Subject(kind="role", id=name),
        content={
            "says": says,
            "permissions": sorted(set(permissions)),
            "version": before.version if before else 0,
        },
        touched=tuple(bearers),
        at_stake=(before.permissions if before else frozenset()) ^ frozenset(permissions),
    )


def _account(account_id: int) -> Subject:
    return Subject(kind="account", id=str(account_id))


def _approval(by: str) -> dict[str, str]:
    return {"approved_by": by} if by else {}


def _record(asker: Asker, operation: str, before: Holder, *, approved_by: str, why: str, now: dt.datetime) -> None:
    account_id = before.account_id or 0
    after = access.read_holder(account_id=account_id)
    trail.write(
        actor=asker.actor,
        operation=operation,
        subject=_account(account_id),
        before={"roles": _names(before)},
        after={"roles": _names(after)} | _approval(approved_by),
        why=why,
        now=now,
    )
