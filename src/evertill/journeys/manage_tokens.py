"""Manage API tokens: issue one, revoke one, see which there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evertill.domains import access, trail
from evertill.domains.access import Objection, Permission, Scope, Token, TokenNameInvalid, TokenNameTaken
from evertill.domains.approvals import Approval
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.permitted import Asker, Forbidden, Wish, approved, permitted
from evertill.journeys.proved_anew import proved_anew

__all__ = [
    "Scope",
    "Shown",
    "Token",
    "TokenNameInvalid",
    "TokenNameTaken",
    "ask_to_issue_token",
    "issue_token",
    "list_tokens",
    "revoke_token",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Every token ever issued, by name; and why the asker may not issue one with a scope, None where he may."""

    tokens: Sequence[Token]
    objections: Mapping[Scope, Objection | None]


def issue_token(*, asker: Asker, name: str, scopes: Collection[Scope], now: dt.datetime, replace: bool = False) -> str:
    """This function will issue a token and return its secret, which cannot be had again.

    Whoever issues one may himself what it allows, another person has approved it, and he proves anew that it is he; the
    operator of the machine needs none of it. With `replace`, a token of this name that is in use is revoked first, and
    stays the same caller. Raises Forbidden, TokenNameInvalid, without `replace` TokenNameTaken, then ApprovalRequired
    and StepUpRequired.
    """
    with permitted(asker=asker, permission=Permission.TOKENS_MANAGE, subject=_subject(name), now=now) as holder:
        _check(holder, name, scopes, replace=replace)
        by = approved(asker=asker, wish=_wish(name, scopes), now=now)
        proved_anew(asker=asker, permission=Permission.TOKENS_MANAGE, subject=_subject(name), now=now)
        if replace and _is_in_use(name):
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
    """This function will ask for the approval that `issue_token` needs; raises what that raises before it."""
    with permitted(asker=asker, permission=Permission.TOKENS_MANAGE, subject=_subject(name), now=now) as holder:
        _check(holder, name, scopes, replace=False)
    return decide_approvals.ask(asker=asker, wish=_wish(name, scopes), why=why, now=now)


def revoke_token(*, asker: Asker, name: str, now: dt.datetime) -> None:
    """This function will revoke a token; raises access.UnknownToken when none in use has this name, and Forbidden."""
    with permitted(asker=asker, permission=Permission.TOKENS_MANAGE, subject=_subject(name), now=now):
        access.revoke_token(name=name, now=now)
        trail.write(actor=asker.actor, operation="tokens.revoke", subject=_subject(name), now=now)


def list_tokens(*, asker: Asker, now: dt.datetime) -> Shown:
    """This function will return every token ever issued, without secrets; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.TOKENS_MANAGE, subject=_subject("all"), now=now) as holder:
        objections = {scope: access.objection_to_issue(asker=holder, scopes=[scope]) for scope in Scope}
        return Shown(tokens=access.list_tokens(), objections=objections)


def _check(holder: access.Holder, name: str, scopes: Collection[Scope], *, replace: bool) -> None:
    objection = access.objection_to_issue(asker=holder, scopes=scopes)
    if objection is not None:
        raise Forbidden(objection, permission=Permission.TOKENS_MANAGE)
    access.check_token_name(name)
    # Nobody is asked to approve what could not be done afterwards.
    if not replace and _is_in_use(name):
        raise TokenNameTaken(f"A token '{name}' is in use.")


def _is_in_use(name: str) -> bool:
    return any(token.name == name and token.revoked_at is None for token in access.list_tokens())


def _wish(name: str, scopes: Collection[Scope]) -> Wish:
    return Wish(permission=Permission.TOKENS_MANAGE, subject=_subject(name), content={"issue": sorted(set(scopes))})


def _subject(name: str) -> Subject:
    return Subject(kind="token", id=name)
