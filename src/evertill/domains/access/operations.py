"""Writes of access. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from evertill.domains.access.models import ApiToken, Staff
from evertill.domains.access.models import Role as RoleRow
from evertill.domains.access.models import RoleGrant as GrantRow
from evertill.domains.access.permissions import Permission
from evertill.domains.access.rules import NAME_CHARS_MAX, SECRET_PREFIX, is_name, is_role_name
from evertill.domains.access.types import Scope
from evertill.kernel import crypto, db, ids
from evertill.kernel.errors import EvertillError

# Any number that nothing else of the shop locks.
_ROLES_LOCK = 0x726F_6C65
_SAYS_CHARS, _BY_CHARS, _WHY_CHARS = 200, 90, 500


class TokenNameInvalid(EvertillError):
    """A text cannot name a token."""

    code = "TOKEN_NAME_INVALID"


class TokenNameTaken(EvertillError):
    """A token of this name is in use."""

    code = "TOKEN_NAME_TAKEN"
    status = "conflict"
    remedy = "Choose another name, or revoke the token of this name first."


class UnknownToken(EvertillError):
    """No token in use has this name."""

    code = "UNKNOWN_TOKEN"
    status = "not_found"
    remedy = "Look the name up in the list of tokens."


def check_token_name(name: str) -> None:
    """This function will let a name pass that a token can have; raises TokenNameInvalid."""
    if not is_name(name):
        raise TokenNameInvalid(
            f"A token's name has letters, digits, spaces and . _ - only, begins with a letter or a digit, and has at"
            f" most {NAME_CHARS_MAX} characters."
        )


def issue_token(*, name: str, scopes: Iterable[Scope], now: dt.datetime) -> str:
    """This function will issue a token and return its secret, which cannot be had again: only a digest is kept.

    A revoked name may be issued anew; it then stands for the same caller. Raises TokenNameInvalid, TokenNameTaken.
    """
    check_token_name(name)
    secret = crypto.new_secret(SECRET_PREFIX)
    token = ApiToken.objects.select_for_update().filter(name=name).first()
    if token is None:
        token = ApiToken(name=name)
    elif token.revoked_at is None:
        raise TokenNameTaken(f"There is a token '{name}' already.")
    token.digest = digest_of(secret)
    token.scopes = sorted(scope.value for scope in set(scopes))
    token.created_at = now
    token.revoked_at = None
    token.save()
    return secret


def revoke_token(*, name: str, now: dt.datetime) -> None:
    """This function will revoke a token; raises UnknownToken when no token in use has this name.

    Processes that have just seen the token may go on accepting it for `token_cache_s` seconds.
    """
    if not ApiToken.objects.filter(name=name, revoked_at=None).update(revoked_at=now):
        raise UnknownToken(f"There is no token '{name[:NAME_CHARS_MAX]}' in use.")


def add_staff(*, account_id: int, by: str, now: dt.datetime) -> bool:
    """This function will make an account staff, and say whether it was not yet."""
    _row, is_new = Staff.objects.get_or_create(
        account_id=account_id, defaults={"added_at": now, "added_by": by[:NAME_CHARS_MAX]}
    )
    return is_new


def remove_staff(*, account_id: int) -> bool:
    """This function will make an account a customer's again, and say whether it was staff."""
    gone, _each = Staff.objects.filter(account_id=account_id).delete()
    return gone == 1


class RoleNameInvalid(EvertillError):
    """A text cannot name a role."""

    code = "ROLE_NAME_INVALID"
    remedy = "Choose words of a–z and 0–9 with dashes between them, 40 characters at most: night-shift."


def lock_roles() -> None:
    """This function will let one change of roles happen at a time, until the caller's transaction ends.

    What may be changed depends on who has which roles, and so on every other change.
    """
    db.fetch("select pg_advisory_xact_lock(%s::bigint)", (_ROLES_LOCK,))


def grant_role(*, account_id: int, role: str, by: str, why: str, now: dt.datetime) -> None:
    """This function will give an account a role that it does not have. The caller has locked roles and asked rules."""
    (grant_id,) = ids.new_ids(1, now=now)
    GrantRow.objects.create(
        id=grant_id,
        account_id=account_id,
        role=role,
        granted_at=now,
        granted_by=by[:_BY_CHARS],
        why=why[:_WHY_CHARS],
    )


def revoke_role(*, account_id: int, role: str, by: str, why: str, now: dt.datetime) -> bool:
    """This function will take a role from an account, and say whether it had it. The caller has locked roles."""
    return bool(
        GrantRow.objects.filter(account_id=account_id, role=role, revoked_at=None).update(
            revoked_at=now, revoked_by=by[:_BY_CHARS], revoked_why=why[:_WHY_CHARS]
        )
    )


def define_role(*, name: str, says: str, permissions: Iterable[Permission], by: str, now: dt.datetime) -> None:
    """This function will make a role of the shop's own, or change it; raises RoleNameInvalid.

    The caller has locked roles, compared what was seen with what is there, and asked rules.
    """
    if not is_role_name(name):
        raise RoleNameInvalid("A role's name has words of a–z and 0–9, with dashes between them.")
    values = {
        "says": says[:_SAYS_CHARS],
        "permissions": sorted(set(permissions)),
        "changed_at": now,
        "changed_by": by[:_BY_CHARS],
    }
    row = RoleRow.objects.filter(pk=name).first()
    if row is None:
        RoleRow.objects.create(name=name, version=1, **values)
    else:
        RoleRow.objects.filter(pk=name, version=row.version).update(version=row.version + 1, **values)


def digest_of(secret: str) -> uuid.UUID:
    """This function will return what is kept of a secret. 256 random bits need no slow hash."""
    return uuid.UUID(bytes=crypto.fingerprint(b"access.api_token", secret.encode()))
