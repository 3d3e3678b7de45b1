"""Decide approvals: one person asks, another one approves or refuses what was asked for, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from evertill.domains import access, approvals, trail
from evertill.domains.access import PERMISSIONS, Holder, Objection, Permission, Thing
from evertill.domains.approvals import Approval, ApprovalNotOpen
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, Forbidden, Wish, permitted, recording_refusals
from evertill.kernel import config, db

__all__ = ["Approval", "ApprovalNotOpen", "ask", "decide", "list_waiting", "withdraw"]


class _Bound(msgspec.Struct, frozen=True):
    content: Mapping[str, Any]
    touched: list[int]
    at_stake: list[Permission]


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


def decide(*, asker: Asker, approval_id: int, is_approved: bool, why: str, now: dt.datetime) -> Approval:
    """This function will approve or refuse what waits, and return it. Raises ApprovalNotOpen, and Forbidden.

    Not his own request, nor one that is about himself; and what others would get by it, he has to hold.
    """
    subject = Subject(kind="approval", id=str(approval_id))
    with recording_refusals(asker=asker, subject=subject, now=now), db.write():
        found = approvals.find(approval_id=approval_id)
        if found is None:
            raise ApprovalNotOpen("There is no such request.")
        objection = objection_to(asker.read_holder(), found)
        if objection is not None:
            raise Forbidden(objection, permission=_approving(found))
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
    """This function will return up to `limit` requests that somebody may decide or has made, oldest first."""
    holder = asker.read_holder()
    waiting = approvals.read_open(now=now, limit=limit)
    return [one for one in waiting if one.asked_by == asker.name or objection_to(holder, one) is None]


def objection_to(approver: Holder, approval: Approval) -> Objection | None:
    """This function will say why somebody may not decide this request; None when he may."""
    asked_by = int(approval.asked_by.partition(":")[2])
    about = msgspec.json.decode(approval.content, type=_Bound)
    return access.objection_to_approve(
        approver=approver,
        permission=Permission(approval.operation),
        asked_by=asked_by,
        touched=about.touched,
        at_stake=frozenset(about.at_stake),
    )


def _approving(approval: Approval) -> Permission:
    permission = Permission(approval.operation)
    return PERMISSIONS[permission].approved_by or permission


def _record(asker: Asker, operation: str, approval: Approval, *, why: str, now: dt.datetime) -> None:
    trail.write(
        actor=asker.actor,
        operation=operation,
        subject=Subject(kind="approval", id=str(approval.id)),
        after={
            "operation": approval.operation,
            "subject": approval.subject,
            "content": msgspec.json.decode(approval.content),
            "asked_by": approval.asked_by,
        },
        why=why,
        now=now,
    )
