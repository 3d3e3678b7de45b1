"""Writes of access. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from evertill.domains.access.models import ApiToken, Staff
from evertill.domains.access.rules import NAME_CHARS_MAX, SECRET_PREFIX, is_name
from evertill.domains.access.types import Scope
from evertill.kernel import crypto
from evertill.kernel.errors import EvertillError


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


def issue_token(*, name: str, scopes: Iterable[Scope], now: dt.datetime) -> str:
    """This function will issue a token and return its secret, which cannot be had again: only a digest is kept.

    A revoked name may be issued anew; it then stands for the same caller. Raises TokenNameInvalid, TokenNameTaken.
    """
    if not is_name(name):
        raise TokenNameInvalid(
            f"A token's name has letters, digits, spaces and . _ - only, begins with a letter or a digit, and has at"
            f" most {NAME_CHARS_MAX} characters."
        )
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


def digest_of(secret: str) -> uuid.UUID:
    """This function will return what is kept of a secret. 256 random bits need no slow hash."""
    return uuid.UUID(bytes=crypto.fingerprint(b"access.api_token", secret.encode()))
