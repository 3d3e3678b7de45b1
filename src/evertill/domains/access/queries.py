"""Reads of access."""

from __future__ import annotations

from evertill.domains.access.models import ApiToken
from evertill.domains.access.models import Staff as StaffRow
from evertill.domains.access.operations import digest_of
from evertill.domains.access.rules import is_secret
from evertill.domains.access.types import Caller, Scope, Staff, Token
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


def list_staff() -> list[Staff]:
    """This function will return everybody who works for the shop, in the order in which they came."""
    return [
        Staff(account_id=row.pk, added_at=row.added_at, added_by=row.added_by)
        for row in StaffRow.objects.order_by("added_at", "pk")
    ]


def _scopes(token: ApiToken) -> frozenset[Scope]:
    # A scope that this release does not know any more allows nothing.
    return frozenset(Scope(text) for text in token.scopes if text in set(Scope))
