"""Manage API tokens: issue one, revoke one, see which there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from evertill.domains import access
from evertill.kernel import db


def issue_token(*, name: str, scopes: Iterable[access.Scope], now: dt.datetime, replace: bool = False) -> str:
    """This function will issue a token and return its secret, which cannot be had again.

    With `replace`, a token of this name that is in use is revoked first, and stays the same caller. Raises
    access.TokenNameInvalid, and access.TokenNameTaken without `replace`.
    """
    with db.write():
        if replace and any(token.name == name and token.revoked_at is None for token in access.list_tokens()):
            access.revoke_token(name=name, now=now)
        return access.issue_token(name=name, scopes=scopes, now=now)


def revoke_token(*, name: str, now: dt.datetime) -> None:
    """This function will revoke a token; raises access.UnknownToken when none in use has this name."""
    with db.write():
        access.revoke_token(name=name, now=now)


def list_tokens() -> list[access.Token]:
    """This function will return every token ever issued, by name."""
    return access.list_tokens()
