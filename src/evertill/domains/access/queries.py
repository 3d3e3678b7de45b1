"""Reads of access."""

from __future__ import annotations

from collections.abc import Collection

from evertill.domains.access.models import ApiToken
from evertill.domains.access.models import Role as RoleRow
from evertill.domains.access.models import RoleGrant as GrantRow
from evertill.domains.access.models import Staff as StaffRow
from evertill.domains.access.operations import digest_of
from evertill.domains.access.permissions import BUILT_IN, CUSTOMER, GIVEN, OWNER, Permission
from evertill.domains.access.rules import built_in, is_secret
from evertill.domains.access.types import Caller, Holder, Role, RoleGrant, Scope, Staff, Token
from evertill.kernel.errors import EvertillError


class Unauthenticated(EvertillError):
    """A secret belongs to no token in use."""

    code = "UNAUTHENTICATED"
    status = "unauthenticated"
    remedy = "Send the token as it was issued, or ask the shop for a new one."


def authenticate(*, secret: str) -> Caller:
    """This function will return who speaks with this secret; raises Unauthenticated, saying the same for every cause.

    The secret is looked up by its digest, so the time that takes tells nothing about it.
    """
    token = ApiToken.objects.filter(digest=digest_of(secret), revoked_at=None).first() if is_secret(secret) else None
    if token is None:
        raise Unauthenticated("This API token is not known here, or was revoked.")
    return Caller(id=token.pk, name=token.name, scopes=_scopes(token))


def list_tokens() -> list[Token]:
    """This function will return every token ever issued, by name."""
    return [
        Token(
            id=token.pk,
            name=token.name,
            scopes=_scopes(token),
            created_at=token.created_at,
            revoked_at=token.revoked_at,
        )
        for token in ApiToken.objects.order_by("name")
    ]


def is_staff(*, account_id: int) -> bool:
    """This function will say whether an account works for the shop."""
    return StaffRow.objects.filter(pk=account_id).exists()


def which_are_staff(*, account_ids: Collection[int]) -> set[int]:
    """This function will return those of these accounts that work for the shop."""
    return set(StaffRow.objects.filter(pk__in=account_ids).values_list("pk", flat=True))


def list_staff() -> list[Staff]:
    """This function will return everybody who works for the shop, in the order in which they came."""
    return [
        Staff(account_id=row.pk, added_at=row.added_at, added_by=row.added_by)
        for row in StaffRow.objects.order_by("added_at", "pk")
    ]


class UnknownRole(EvertillError):
    """There is no role of this name."""

    code = "UNKNOWN_ROLE"
    status = "not_found"
    remedy = "Look at the list of roles."


def read_role(*, name: str) -> Role:
    """This function will return a role, of those that come with the shop or of its own; raises UnknownRole."""
    if name in BUILT_IN:
        return built_in(name)
    row = RoleRow.objects.filter(pk=name).first()
    if row is None:
        raise UnknownRole(f"There is no role '{name[:40]}'.")
    return _role(row)


def list_roles() -> list[Role]:
    """This function will return every role that can be given: those that come with the shop, then its own."""
    own = [_role(row) for row in RoleRow.objects.order_by("name")]
    return [*(built_in(name) for name in BUILT_IN if name in GIVEN), *own]


def read_holder(*, account_id: int) -> Holder:
    """This function will return what an account may: as a customer, and by its roles while it works for the shop."""
    return read_holders(account_ids=[account_id])[account_id]


def read_holders(*, account_ids: Collection[int]) -> dict[int, Holder]:
    """This function will return what each of these accounts may, in two statements however many they are."""
    # Who no longer works for the shop has nothing of what he was given, whatever else was forgotten.
    staff = StaffRow.objects.filter(pk__in=account_ids).values("pk")
    given = GrantRow.objects.filter(account_id__in=staff, revoked_at=None).order_by("granted_at", "role")
    pairs = list(given.values_list("account_id", "role"))
    own = {row.name: _role(row) for row in RoleRow.objects.filter(pk__in={name for _, name in pairs} - set(BUILT_IN))}
    roles: dict[int, list[Role]] = {account_id: [built_in(CUSTOMER)] for account_id in account_ids}
    for account_id, name in pairs:
        # A role that this release does not know any more allows nothing.
        role = built_in(name) if name in GIVEN else own.get(name)
        if role is not None:
            roles[account_id].append(role)
    return {account_id: Holder(account_id=account_id, roles=tuple(has)) for account_id, has in roles.items()}


def list_bearers(*, role: str) -> list[Holder]:
    """This function will return everybody who works for the shop and has this role."""
    found = GrantRow.objects.filter(role=role, revoked_at=None, account_id__in=StaffRow.objects.values("pk"))
    return list(read_holders(account_ids=list(found.values_list("account_id", flat=True))).values())


def count_owners() -> int:
    """This function will return how many accounts own the shop."""
    return len(list_bearers(role=OWNER))


def list_grants(*, account_id: int | None = None) -> list[RoleGrant]:
    """This function will return which roles are given, of one account or of all, in the order in which they were."""
    found = GrantRow.objects.filter(revoked_at=None).order_by("granted_at", "role", "account_id")
    return [
        RoleGrant(
            account_id=row.account_id,
            role=row.role,
            granted_at=row.granted_at,
            granted_by=row.granted_by,
            why=row.why,
        )
        for row in (found if account_id is None else found.filter(account_id=account_id))
    ]


def _role(row: RoleRow) -> Role:
    # A permission that this release does not know any more allows nothing.
    known = frozenset(Permission(text) for text in row.permissions if text in set(Permission))
    return Role(name=row.name, permissions=known, says=row.says, is_built_in=False, version=row.version)


def _scopes(token: ApiToken) -> frozenset[Scope]:
    # A scope that this release does not know any more allows nothing.
    return frozenset(Scope(text) for text in token.scopes if text in set(Scope))
