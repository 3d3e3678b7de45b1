"""Decide approvals: one person asks, another one approves or refuses what was asked for, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from evertill.domains import access, approvals, trail
from evertill.domains.access import PERMISSIONS, Holder, Objection, Permission, Thing
from evertill.domains.approvals import Approval, ApprovalNotOpen, State
from evertill.domains.trail import ActorKind, Subject
from evertill.journeys.permitted import Asker, Forbidden, Wish, permitted, recording_refusals
from evertill.journeys.proved_anew import proved_anew
from evertill.journeys.veil_words import veil_content
from evertill.kernel import config, db

__all__ = [
    "Approval",
    "ApprovalNotOpen",
    "Asked",
    "State",
    "ask",
    "decide",
    "list_asked",
    "list_waiting",
    "look_at",
    "withdraw",
]


# Requests that are read at a time, because what each says may be long; and how often, for one list.
_PART, _PARTS_MAX = 100, 50


class _Bound(msgspec.Struct, frozen=True):
    content: Mapping[str, Any]
    touched: list[int]
    at_stake: list[Permission]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as somebody looks at it: what exactly was asked for, whom it is about, and what may be done with it."""

    approval: Approval
    content: Mapping[str, Any]
    touched: tuple[int, ...]
    at_stake: tuple[Permission, ...]
    is_mine: bool
    is_open: bool
    may_decide: bool
    # Its asker can do now what was approved.
    is_usable: bool


def ask(*, asker: Asker, wish: Wish, why: str, now: dt.datetime, thing: Thing | None = None) -> Approval:
    """This function will ask for another person's approval, and return what was asked for; the same one when it waits.

    Journeys call it with what they would do, so that they find it when they do it. Raises Forbidden when he may not do
    it with an approval either, and TooManyAsked.
    """
    limits = config.get()
    with permitted(asker=asker, permission=wish.permission, subject=wish.subject, thing=thing, now=now):
        approval = approvals.ask(
            operation=wish.permission.value,
            subject=wish.named,
            content=wish.bound,
            asked_by=asker.name,
            why=why,
            lasts=dt.timedelta(hours=limits.approval_h),
            most=limits.approvals_waiting_max,
            now=now,
        )
        if approval.asked_at == now:
            _record(asker, "approvals.ask", approval, why=why, now=now)
    return approval


def decide(
    *,
    asker: Asker,
    approval_id: int,
    is_approved: bool,
    why: str,
    must_prove: bool = False,
    now: dt.datetime,
) -> Approval:
    """This function will approve or refuse what waits, and return it. Raises ApprovalNotOpen, and Forbidden.

    Not his own request, nor one that is about himself; and what others would get by it, he has to hold. Whoever
    approves in a browser `must_prove` anew that it is he; raises StepUpRequired.
    """
    subject = Subject(kind="approval", id=str(approval_id))
    with recording_refusals(asker=asker, subject=subject, now=now), db.write():
        found = approvals.find(approval_id=approval_id)
        if found is None:
            raise ApprovalNotOpen("There is no such request.")
        objection = objection_to(asker.read_holder(), found)
        if objection is not None:
            raise Forbidden(objection, permission=_approving(found))
        if must_prove and is_approved:
            proved_anew(asker=asker, permission=_approving(found), subject=subject, now=now)
        approval = approvals.decide(
            approval_id=approval_id, is_approved=is_approved, decided_by=asker.name, decision=why, now=now
        )
        _record(asker, "approvals.approve" if is_approved else "approvals.refuse", approval, why=why, now=now)
    return approval


def withdraw(*, asker: Asker, approval_id: int, now: dt.datetime) -> None:
    """This function will take back what somebody asked for himself; raises ApprovalNotOpen."""
    with db.write():
        approvals.withdraw(approval_id=approval_id, asked_by=asker.name)
        trail.write(
            actor=asker.actor,
            operation="approvals.withdraw",
            subject=Subject(kind="approval", id=str(approval_id)),
            now=now,
        )


def list_waiting(*, asker: Asker, now: dt.datetime, limit: int) -> list[Approval]:
    """This function will return up to `limit` requests that somebody may decide or has made, oldest first.

    However many there are before them that are nothing to him: nobody hides one behind a heap of others.
    """
    holder = asker.read_holder()
    mine = (one for one in _waiting(now) if one.asked_by == asker.name or objection_to(holder, one) is None)
    return list(islice(mine, limit))


def list_asked(*, asker: Asker, limit: int) -> list[Approval]:
    """This function will return the latest requests that somebody has made himself, however they stand."""
    return approvals.list_of_asker(asked_by=asker.name, limit=limit)


def look_at(*, asker: Asker, approval_id: int, now: dt.datetime) -> Asked:
    """This function will return a request with all that it says, to whoever made it, may decide it, or audits.

    Raises ApprovalNotOpen when there is none, and Forbidden.
    """
    subject = Subject(kind="approval", id=str(approval_id))
    with recording_refusals(asker=asker, subject=subject, now=now), db.write():
        found = approvals.find(approval_id=approval_id)
        if found is None:
            raise ApprovalNotOpen("There is no such request.")
        holder = asker.read_holder()
        objection = objection_to(holder, found)
        is_mine = found.asked_by == asker.name
        if objection is not None and not is_mine and Permission.TRAIL_READ not in holder.permissions:
            raise Forbidden(objection, permission=_approving(found))
    about = msgspec.json.decode(found.content, type=_Bound)
    is_open = found.state is State.WAITING and found.expires_at > now
    return Asked(
        approval=found,
        content=about.content,
        touched=tuple(about.touched),
        at_stake=tuple(about.at_stake),
        is_mine=is_mine,
        is_open=is_open,
        may_decide=is_open and objection is None,
        is_usable=found.state is State.APPROVED and found.expires_at > now,
    )


def objection_to(approver: Holder, approval: Approval) -> Objection | None:
    """This function will say why somebody may not decide this request; None when he may."""
    kind, _, who = approval.asked_by.partition(":")
    # The operator of the machine has no account; no account has this number.
    asked_by = int(who) if kind == ActorKind.STAFF.value else 0
    about = msgspec.json.decode(approval.content, type=_Bound)
    return access.objection_to_approve(
        approver=approver,
        permission=Permission(approval.operation),
        asked_by=asked_by,
        touched=about.touched,
        at_stake=frozenset(about.at_stake),
    )


def _waiting(now: dt.datetime) -> Iterator[Approval]:
    behind: Approval | None = None
    for _ in range(_PARTS_MAX):
        part = approvals.read_open(behind=behind, now=now, limit=_PART)
        yield from part
        if len(part) < _PART:
            return
        behind = part[-1]


def _approving(approval: Approval) -> Permission:
    permission = Permission(approval.operation)
    return PERMISSIONS[permission].approved_by or permission


def _record(asker: Asker, operation: str, approval: Approval, *, why: str, now: dt.datetime) -> None:
    bound = msgspec.json.decode(approval.content)
    trail.write(
        actor=asker.actor,
        operation=operation,
        subject=Subject(kind="approval", id=str(approval.id)),
        after={
            "operation": approval.operation,
            "subject": approval.subject,
            "content": {**bound, "content": veil_content(bound["content"])},
            "asked_by": approval.asked_by,
        },
        why=why,
        now=now,
    )
