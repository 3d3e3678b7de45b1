"""Record in the audit trail what somebody did with an account, in the transaction in which he does it.

Numbers and factors only: no name and no address, because records outlive accounts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from evertill.domains import access, trail
from evertill.domains.identity import Session
from evertill.domains.trail import Actor, ActorKind


def actor_of(session: Session) -> Actor:
    """This function will return who acts in a session, as the trail knows him; staff with the roles that they have."""
    roles = access.read_holder(account_id=session.account_id).roles if session.is_staff else ()
    return Actor(
        kind=ActorKind.STAFF if session.is_staff else ActorKind.CUSTOMER,
        id=str(session.account_id),
        roles=tuple(role.name for role in roles),
        factors=tuple(sorted(session.proved)),
        place=session.place,
        session_id=session.id,
    )


def record_act(*, session: Session, operation: str, now: dt.datetime, after: Mapping[str, Any] | None = None) -> None:
    """This function will record what was done in a session with its account, such as `account.add_totp`."""
    record_for(account_id=session.account_id, actor=actor_of(session), operation=operation, after=after, now=now)


def record_for(
    *,
    account_id: int,
    actor: Actor,
    operation: str,
    now: dt.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """This function will record what somebody did with an account."""
    trail.write(
        actor=actor,
        operation=operation,
        subject=trail.Subject(kind="account", id=str(account_id)),
        before=before,
        after=after,
        now=now,
    )
