"""Manage API tokens: issue one, revoke one, see which there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from evertill.domains import access, trail
from evertill.domains.access import Permission, Scope, Token
from evertill.domains.approvals import Approval
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.permitted import Asker, Forbidden, Wish, approved, permitted

__all__ = ["Scope", "Token", "ask_to_issue_token", "issue_token", "list_tokens", "revoke_token"]


def issue_token(*, asker: Asker, name: str, scopes: Collection[Scope], now: dt.datetime, replace: bool = False) -> str:
    """This function will issue a token and return its secret, which cannot be had again.

    Whoever issues one may himself what it allows, and another person has approved it; the operator of the machine needs
    neither. With `replace`, a token of this name that is in use is revoked first, and stays the same caller. Raises
    Forbidden, ApprovalRequired, access.TokenNameInvalid, and access.TokenNameTaken without `replace`.
    """
    with permitted(asker=asker, permission=Permission.TOKENS_MANAGE, subject=_subject(name), now=now) as holder:
        _check(holder, scopes)
        by = approved(asker=asker, wish=_wish(name, scopes), now=now)
        if replace and any(token.name == name and token.revoked_at is None for token in access.list_tokens()):
            access.revoke_token(name=name, now=now)
        secret = access.issue_token(name=name, scopes=scopes, now=now)
        trail.write(
            actor=asker.actor,
            operation="tokens.issue",
            subject=_subject(name),
            after={"scopes": sorted(set(scopes))} | ({"approved_by": by} if by else {}),
            now=now,
        )
    return secret


def ask_to_issue_token(*, asker: Asker, name: str, scopes: Collection[Scope], why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval that `issue_token` needs; raises Forbidden when he may not at all."""
    with permitted(asker=asker, permission=Permission.TOKENS_MANAGE, subject=_subject(name), now=now) as holder:
        _check(holder, scopes)
    return decide_approvals.ask(asker=asker, wish=_wish(name, scopes), why=why, now=now)


def revoke_token(*, asker: Asker, name: str, now: dt.datetime) -> None:
    """This function will revoke a token; raises access.UnknownToken when none in use has this name, and Forbidden."""
    with permitted(asker=asker, permission=Permission.TOKENS_MANAGE, subject=_subject(name), now=now):
        access.revoke_token(name=name, now=now)
        trail.write(actor=asker.actor, operation="tokens.revoke", subject=_subject(name), now=now)


def list_tokens() -> list[Token]:
    """This function will return every token ever issued, by name."""
    return access.list_tokens()


def _check(holder: access.Holder, scopes: Collection[Scope]) -> None:
    objection = access.objection_to_issue(asker=holder, scopes=scopes)
    if objection is not None:
        raise Forbidden(objection, permission=Permission.TOKENS_MANAGE)


def _wish(name: str, scopes: Collection[Scope]) -> Wish:
    return Wish(permission=Permission.TOKENS_MANAGE, subject=_subject(name), content={"issue": sorted(set(scopes))})


def _subject(name: str) -> Subject:
    return Subject(kind="token", id=name)
