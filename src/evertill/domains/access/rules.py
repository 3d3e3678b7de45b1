"""Who may do what, and what may be done to roles, so that nobody comes to more than others gave him.

Whoever changes a check here: tests/rules/test_access_mutants.py changes each of them and expects somebody to notice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from evertill.domains.access.permissions import (
    AUDITOR,
    BUILT_IN,
    GIVEN,
    GUEST,
    OWNER,
    PERMISSIONS,
    STAFF_PERMISSIONS,
    Permission,
    Reach,
)
from evertill.domains.access.types import Holder, Objection, Role, Scope, Thing

NAME_CHARS_MAX = 80
SECRET_PREFIX = "evt"  # noqa: S105 — public, and what leak scanners look for.
_ROLE_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ROLE_NAME_CHARS_MAX = 40
# Who asks for the one does not approve it, so nobody is given both.
_APART = tuple(
    (permission, declared.approved_by) for permission, declared in PERMISSIONS.items() if declared.approved_by
)
# What a program may do with a token, its issuer has to hold.
_NEEDS: Mapping[Scope, Permission] = {
    Scope.ORDERS_READ: Permission.ORDERS_READ,
    Scope.ORDERS_CANCEL: Permission.ORDERS_CANCEL,
    Scope.ORDERS_PAY: Permission.ORDERS_MAKE,
    Scope.ORDERS_REFUND: Permission.ORDERS_REFUND,
    Scope.ORDERS_PRICE: Permission.PRICES_EDIT,
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*")
# The prefix, its underscore, and 32 random bytes in unpadded base64.
_SECRET = re.compile(SECRET_PREFIX + r"_[A-Za-z0-9_-]{43}")


def is_name(text: str) -> bool:
    """This function will say whether a text can name a token: letters, digits, space and . _ - , 80 at most."""
    return len(text) <= NAME_CHARS_MAX and _NAME.fullmatch(text) is not None


def is_secret(text: str) -> bool:
    """This function will say whether a text has the form of a token's secret."""
    return _SECRET.fullmatch(text) is not None


def is_role_name(text: str) -> bool:
    """This function will say whether a text can name a role of the shop's own: words of a–z and 0–9, with dashes."""
    return len(text) <= _ROLE_NAME_CHARS_MAX and _ROLE_NAME.fullmatch(text) is not None


def built_in(name: str) -> Role:
    """This function will return a role that comes with the shop; raises KeyError."""
    return Role(name=name, permissions=BUILT_IN[name])


def operator() -> Holder:
    """This function will return what the operator of the shop's machine may: all that staff may, as no account."""
    return Holder(account_id=None, roles=(built_in(OWNER),))


def guest(*, opens: Collection[str]) -> Holder:
    """This function will return what somebody without an account may, with a token that opens these things."""
    return Holder(account_id=None, roles=(built_in(GUEST),), opens=frozenset(opens))


def may(holder: Holder, permission: Permission, thing: Thing | None = None) -> bool:
    """This function will say whether somebody may do something, to a thing if it is done to one.

    What reaches one's own things needs one, whose the account is or which the token opens. What reaches any does not
    reach one's own, but to look at: nobody decides as staff about what is his as a customer.
    """
    if permission not in holder.permissions:
        return False
    declared = PERMISSIONS[permission]
    if declared.reach is Reach.OWN:
        return thing is not None and (_is_his(thing, holder) or thing.name in holder.opens)
    return declared.is_read or thing is None or not _is_his(thing, holder)


def goes_together(roles: Iterable[Role]) -> bool:
    """This function will say whether one person may have these roles.

    Not: to ask for something and to approve it, unless he owns the shop, where two persons are still two; to look on as
    an auditor and to change anything.
    """
    roles = list(roles)
    all_of_them = frozenset[Permission]().union(*(role.permissions for role in roles))
    if any(role.name == AUDITOR for role in roles) and any(not PERMISSIONS[one].is_read for one in all_of_them):
        return False
    others = frozenset[Permission]().union(*(role.permissions for role in roles if role.name != OWNER))
    return not any(asks in others and approves in others for asks, approves in _APART)


def objection_to_grant(*, asker: Holder, role: Role, receiver: Holder) -> Objection | None:
    """This function will say why somebody may not give a role to an account; None when he may."""
    if Permission.ACCESS_GRANT not in asker.permissions:
        return Objection.NOT_ALLOWED
    if role.is_built_in and role.name not in GIVEN:
        return Objection.NOT_GIVABLE
    if _is_same(asker, receiver):
        return Objection.SELF
    if not role.permissions <= asker.permissions:
        return Objection.NOT_HELD
    if any(had.name == role.name for had in receiver.roles):
        return Objection.HELD
    return None if goes_together([*_given(receiver), role]) else Objection.TOGETHER


def objection_to_revoke(*, asker: Holder, role: Role, bearer: Holder, owners: int) -> Objection | None:
    """This function will say why somebody may not take a role from an account; None when he may.

    Anybody may give up a role of his own. `owners` says how many accounts own the shop.
    """
    if all(had.name != role.name for had in _given(bearer)):
        return Objection.NOT_GIVEN
    if Permission.ACCESS_OWN in role.permissions and owners <= 1:
        return Objection.LAST_OWNER
    if _is_same(asker, bearer):
        return None
    if Permission.ACCESS_GRANT not in asker.permissions:
        return Objection.NOT_ALLOWED
    return None if role.permissions <= asker.permissions else Objection.NOT_HELD


def objection_to_define(
    *,
    asker: Holder,
    name: str,
    before: frozenset[Permission],
    after: frozenset[Permission],
    bearers: Collection[Holder],
) -> Objection | None:
    """This function will say why somebody may not make a role of the shop's own, or change it; None when he may.

    `bearers` are those who have it already: what it gets, they get.
    """
    if Permission.ACCESS_DEFINE not in asker.permissions:
        return Objection.NOT_ALLOWED
    if name in BUILT_IN:
        return Objection.NAME_TAKEN
    if not after <= STAFF_PERMISSIONS - {Permission.ACCESS_OWN}:
        return Objection.NOT_GIVABLE
    if not before ^ after <= asker.permissions:
        return Objection.NOT_HELD
    if any(_is_same(asker, bearer) for bearer in bearers):
        return Objection.SELF
    role = Role(name=name, permissions=after, is_built_in=False)
    lives = [[role], *([*(had for had in _given(bearer) if had.name != name), role] for bearer in bearers)]
    return None if all(map(goes_together, lives)) else Objection.TOGETHER


def objection_to_issue(*, asker: Holder, scopes: Collection[Scope]) -> Objection | None:
    """This function will say why somebody may not issue an API token that may do this; None when he may."""
    if Permission.TOKENS_MANAGE not in asker.permissions:
        return Objection.NOT_ALLOWED
    return None if {_NEEDS[scope] for scope in scopes} <= asker.permissions else Objection.NOT_HELD


def objection_to_approve(
    *,
    approver: Holder,
    permission: Permission,
    asked_by: int,
    touched: Collection[int],
    at_stake: frozenset[Permission],
) -> Objection | None:
    """This function will say why somebody may not approve what another one asks for; None when he may.

    `permission` is what was asked for, `touched` are the accounts that it is about, `at_stake` what they would get or
    lose.
    """
    if PERMISSIONS[permission].approved_by not in approver.permissions:
        return Objection.NOT_ALLOWED
    if approver.account_id in {asked_by, *touched}:
        return Objection.SELF
    return None if at_stake <= approver.permissions else Objection.NOT_HELD


def _is_his(thing: Thing, holder: Holder) -> bool:
    return holder.account_id is not None and thing.owner == holder.account_id


def _is_same(one: Holder, other: Holder) -> bool:
    return one.account_id is not None and one.account_id == other.account_id


def _given(holder: Holder) -> list[Role]:
    """What was given to somebody, without what everybody has by himself."""
    return [role for role in holder.roles if not role.is_built_in or role.name in GIVEN]
