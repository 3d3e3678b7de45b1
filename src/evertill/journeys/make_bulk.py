"""Make a bulk: freeze what is to be done to which things, look at what would become of each, then begin or leave it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from evertill.domains import bulk, trail
from evertill.domains.access import PERMISSIONS, Objection, Permission
from evertill.domains.approvals import Approval
from evertill.domains.bulk import Bulk, BulkNotOpen, Item, NewBulk, NewItem, Progress
from evertill.domains.trail import Actor, Subject
from evertill.journeys import bulk_operations, decide_approvals
from evertill.journeys.bulk_item import BulkOperation, Forecast, Target
from evertill.journeys.permitted import Asker, Forbidden, Wish, approved, permitted, recording_refusals
from evertill.kernel import config, ids, jobs
from evertill.kernel.errors import EvertillError

__all__ = [
    "Bulk",
    "BulkNotFound",
    "BulkNotOpen",
    "Item",
    "Progress",
    "TooManyBulks",
    "TooManyItems",
    "UnknownOperation",
    "ask_to_confirm",
    "cancel_bulk",
    "confirm_bulk",
    "make_bulk",
    "needs_approval",
    "operation_of",
    "subject_of",
]

RUN = "run_bulks"
_LOOK_AT = 100


class UnknownOperation(EvertillError):
    """There is nothing of this name that can be done in bulk."""

    code = "UNKNOWN_OPERATION"
    status = "not_found"


class BulkNotFound(EvertillError):
    """There is no such bulk."""

    code = "BULK_NOT_FOUND"
    status = "not_found"
    remedy = "Look at the list of bulks; old ones are removed."


class TooManyItems(EvertillError):
    """A bulk is about nothing, about too many things, or about one of them twice."""

    code = "TOO_MANY_ITEMS"
    remedy = "Choose fewer things at once, and each of them once."


class TooManyBulks(EvertillError):
    """Somebody has many bulks that run or wait to begin."""

    code = "TOO_MANY_BULKS"
    status = "busy"
    remedy = "Wait until some have ended, or cancel those that you do not want."


def make_bulk(
    *,
    asker: Asker,
    operation: str,
    targets: Sequence[Target],
    options: Mapping[str, Any] | None = None,
    why: str,
    now: dt.datetime,
) -> Bulk:
    """This function will freeze what is to be done to which things, with what would become of each, and return it.

    Nothing is done before `confirm_bulk`. Raises UnknownOperation, TooManyItems, TooManyBulks, Forbidden, and what
    db.write raises.
    """
    declared = operation_of(operation)
    limits = config.get()
    if not 1 <= len(targets) <= limits.bulk_items_max:
        raise TooManyItems(f"A bulk is about 1 to {limits.bulk_items_max} things, not {len(targets)}.")
    if len({target.subject for target in targets}) != len(targets):
        raise TooManyItems("The same thing is chosen twice.")
    subject = Subject(kind=declared.kind, id=f"{len(targets)} of them")
    options = options or {}
    with permitted(asker=asker, permission=declared.permission, subject=subject, now=now):
        since = now - dt.timedelta(hours=limits.approval_h)
        if bulk.count_open_of(asked_by=asker.name, since=since) >= limits.bulks_open_max:
            raise TooManyBulks(f"{limits.bulks_open_max} bulks of this person are open already.")
        new = NewBulk(
            operation=operation,
            options=_json(options),
            why=why,
            asked_by=asker.name,
            actor=_json(asker.actor),
        )
        return bulk.make(new=new, items=_look_at(declared, asker, targets, options, now=now), now=now)


def _look_at(
    declared: BulkOperation,
    asker: Asker,
    targets: Sequence[Target],
    options: Mapping[str, Any],
    *,
    now: dt.datetime,
) -> Iterator[NewItem]:
    """Say of one thing after the other what would become of it; they are looked at in parts."""
    for start in range(0, len(targets), _LOOK_AT):
        part = targets[start : start + _LOOK_AT]
        forecasts = declared.preview(asker=asker, targets=part, options=options, now=now)
        yield from (_item(*pair) for pair in zip(part, forecasts, strict=True))


def _item(target: Target, forecast: Forecast) -> NewItem:
    return NewItem(
        subject=target.subject,
        label=target.label,
        content=_json(target.content),
        before=forecast.before,
        after=forecast.after,
        code=forecast.refused_code,
        note=forecast.refused,
    )


def confirm_bulk(*, asker: Asker, bulk_id: int, now: dt.datetime) -> Bulk:
    """This function will have a bulk begin that its asker has looked at, and return it.

    Raises BulkNotFound, BulkNotOpen, Forbidden, approvals.ApprovalRequired, and what db.write raises.
    """
    made = _mine(asker, bulk_id, now=now)
    declared = operation_of(made.operation)
    with permitted(asker=asker, permission=declared.permission, subject=subject_of(made), now=now):
        if made.made_at + dt.timedelta(hours=config.get().approval_h) < now:
            raise BulkNotOpen("This was looked at too long ago; make it anew.")
        by = approved(asker=asker, wish=_wish(made), now=now) if needs_approval(made) else ""
        begun = bulk.confirm(bulk_id=bulk_id, approved_by=by, now=now)
        record(begun, asker.actor, "bulk.confirm", after=_told(begun) | ({"approved_by": by} if by else {}), now=now)
        jobs.ask_for(RUN)
        return begun


def ask_to_confirm(*, asker: Asker, bulk_id: int, why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval of exactly this bulk; raises BulkNotFound, BulkNotOpen, Forbidden."""
    made = _mine(asker, bulk_id, now=now)
    if made.state is not bulk.State.DRAFT:
        raise BulkNotOpen("This does not wait to begin any more.")
    return decide_approvals.ask(asker=asker, wish=_wish(made), why=why, now=now)


def cancel_bulk(*, asker: Asker, bulk_id: int, now: dt.datetime) -> Bulk:
    """This function will leave undone what is left of a bulk, and return it.

    Whoever may do such a thing may also stop it. Raises BulkNotFound, BulkNotOpen, Forbidden, and what db.write raises.
    """
    made = find_bulk(bulk_id)
    permission = operation_of(made.operation).permission
    with permitted(asker=asker, permission=permission, subject=subject_of(made), now=now):
        ended = bulk.cancel(bulk_id=bulk_id, now=now)
        progress = bulk.read_progress(bulk_id=bulk_id)
        record(ended, asker.actor, "bulk.cancel", after=counts_of(progress), now=now)
        return ended


def needs_approval(made: Bulk) -> bool:
    """This function will say whether another person has to approve a bulk as a whole."""
    declared = operation_of(made.operation)
    if declared.approval is None:
        return False
    limit = config.get().bulk_items_max
    items = bulk.read_items(bulk_id=made.id, state=bulk.ItemState.WAITING, limit=limit)
    targets = [Target(subject=one.subject, label=one.label, content=msgspec.json.decode(one.content)) for one in items]
    return declared.approval(targets, msgspec.json.decode(made.options))


def operation_of(name: str) -> BulkOperation:
    """This function will return what is done under a name; raises UnknownOperation."""
    found = bulk_operations.operations().get(name)
    if found is None:
        raise UnknownOperation(f"Nothing is done in bulk under the name '{name[:60]}'.")
    return found


def find_bulk(bulk_id: int) -> Bulk:
    """This function will return a bulk; raises BulkNotFound."""
    found = bulk.find(bulk_id=bulk_id)
    if found is None:
        raise BulkNotFound("There is no such bulk.")
    return found


def subject_of(made: Bulk) -> Subject:
    """This function will return what the audit trail calls a bulk."""
    return Subject(kind="bulk", id=ids.to_number(made.id))


def record(made: Bulk, actor: Actor, operation: str, *, after: Mapping[str, Any], now: dt.datetime) -> None:
    """This function will record what was done with a bulk as a whole."""
    trail.write(
        actor=actor,
        operation=operation,
        subject=subject_of(made),
        after={"operation": made.operation, **after},
        why=made.why,
        now=now,
    )


def counts_of(progress: Progress) -> dict[str, int]:
    """This function will return how many things of a bulk are in each state, as the audit trail keeps it."""
    return {
        "done": progress.done,
        "failed": progress.failed,
        "refused": progress.refused,
        "cancelled": progress.cancelled,
    }


def leave_to_look(asker: Asker, declared: BulkOperation) -> Permission | None:
    """This function will return by which permission somebody may look at bulks of an operation; None when he may not.

    Who does such things may, who approves them, and who audits.
    """
    wanted = (declared.permission, PERMISSIONS[declared.permission].approved_by, Permission.TRAIL_READ)
    held = asker.read_holder().permissions
    return next((one for one in wanted if one in held), None)


def _mine(asker: Asker, bulk_id: int, *, now: dt.datetime) -> Bulk:
    made = find_bulk(bulk_id)
    with recording_refusals(asker=asker, subject=subject_of(made), now=now):
        if made.asked_by == asker.name:
            return made
        # What somebody has looked at, he begins himself.
        raise Forbidden(Objection.NOT_ALLOWED, permission=operation_of(made.operation).permission)


def _wish(made: Bulk) -> Wish:
    return Wish(permission=operation_of(made.operation).permission, subject=subject_of(made), content=_told(made))


def _told(made: Bulk) -> dict[str, Any]:
    return {"bulk": made.operation, "things": made.total - made.refused, "digest": made.digest.hex(), "why": made.why}


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
