"""Run bulks: the worker does one thing after the other, each once, as who asked for it and with what he may by then.

A thing is claimed, which counts the try; then it is done in a transaction that also says so. Whoever is killed in
between leaves it waiting, and it is claimed again when the claim has run out.

Where an operation knows how, several things are done in one transaction, which also says of each whether it was done
or refused. Where it cannot say so of each, nothing of them is done, and then each is done by itself, so that what one
of them meets is that one's own; and so is whatever was tried before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec
import structlog

from evertill.domains import access, bulk, trail
from evertill.domains.bulk import Bulk, BulkNotOpen, Item, ItemState
from evertill.domains.trail import Actor, Outcome, Subject
from evertill.journeys import bulk_operations
from evertill.journeys.bulk_item import BulkOperation, Task, Together
from evertill.journeys.make_bulk import counts_of, find_bulk, operation_of, record
from evertill.journeys.permitted import Asker, Forbidden
from evertill.kernel import config, crypto, db, ids
from evertill.kernel.errors import EvertillError

_log = structlog.get_logger("evertill.bulk")

# What passes by itself is tried so often, a little later each time.
_TRIES_MAX = 5
_LATER = dt.timedelta(seconds=2)
_PASSING = ("busy", "unavailable")
# So many are done together at most: what they hold, others wait for.
_TOGETHER_MAX = 50


def list_running(*, limit: int) -> list[int]:
    """This function will return the bulks that are to be worked on."""
    return bulk.read_running(limit=limit)


def run_next(*, bulk_id: int, limit: int, now: dt.datetime) -> int:
    """This function will do the next things of a bulk, together where that is possible, and return how many it took up.

    Those are `limit` at most; with none of them the bulk has ended, or waits. It raises what `run_one` raises.
    """
    made = find_bulk(bulk_id)
    declared = bulk_operations.operations().get(made.operation)
    together = declared.apply_together if declared is not None else None
    items = _claim_fresh(bulk_id, min(limit, _TOGETHER_MAX), now=now) if together is not None else []
    if together is None or not items:
        return int(run_one(bulk_id=bulk_id, now=now))
    asker = _asker(made)
    if not _do_together(together, made, items, asker, now=now):
        for item in items:
            _run(made, item, asker, now=now)
    return len(items)


def _claim_fresh(bulk_id: int, limit: int, *, now: dt.datetime) -> list[Item]:
    until = now + dt.timedelta(seconds=config.get().bulk_claim_s)
    with db.write():
        return bulk.claim_fresh(bulk_id=bulk_id, limit=limit, until=until, now=now)


def _do_together(
    together: Together,
    made: Bulk,
    items: Sequence[Item],
    asker: Asker,
    *,
    now: dt.datetime,
) -> bool:
    """Do several things that are claimed and say what became of each, or do none of them; return whether it did."""
    try:
        with db.write():
            held = bulk.lock_items(item_ids=[item.id for item in items])
            mine = [item for item in items if item.id in held]
            told = together([_task(made, item, asker, now=now) for item in mine]) if mine else []
            _end_together(dict(zip([item.id for item in mine], told, strict=True)), now=now)
    except db.DatabaseBusy:
        return False
    except (db.DatabaseUnavailable, db.OutcomeUnknown):
        raise
    except Exception as cause:  # noqa: BLE001 — the one that it is about meets it again, and has it as its result.
        _log.info("bulk items are done one by one", bulk=made.id, things=len(items), reason=type(cause).__name__)
        return False
    return True


def _end_together(told: Mapping[int, str | EvertillError], *, now: dt.datetime) -> None:
    bulk.end_items(notes={item_id: note for item_id, note in told.items() if isinstance(note, str)}, now=now)
    for item_id, refusal in told.items():
        if isinstance(refusal, EvertillError):
            _end_failed(item_id, refusal, now=now)


def run_one(*, bulk_id: int, now: dt.datetime) -> bool:
    """This function will do the next thing of a bulk, and say whether there was one; with the last one the bulk ends.

    What the thing's own journey refuses is that thing's result. Raises db.DatabaseUnavailable and db.OutcomeUnknown;
    the thing then waits to be claimed again.
    """
    until = now + dt.timedelta(seconds=config.get().bulk_claim_s)
    with db.write():
        item = bulk.claim(bulk_id=bulk_id, until=until, now=now)
    if item is None:
        _end(bulk_id, now=now)
        return False
    made = find_bulk(bulk_id)
    _run(made, item, _asker(made), now=now)
    return True


def _run(made: Bulk, item: Item, asker: Asker, *, now: dt.datetime) -> None:
    """Do one thing that is claimed, and say what became of it."""
    try:
        _do(made, item, asker, now=now)
    except Forbidden as refused:
        _refuse(made, item, asker, refused, now=now)
    except db.DatabaseBusy as busy:
        _again_or_fail(item, busy, now=now)
    except (db.DatabaseUnavailable, db.OutcomeUnknown):
        raise
    except EvertillError as refusal:
        if refusal.status in _PASSING:
            _again_or_fail(item, refusal, now=now)
        else:
            _fail(item, refusal, now=now)
    except Exception:  # noqa: BLE001 — logged whole; a fault of ours harms this thing alone.
        _log.exception("bulk item failed", bulk=ids.to_number(made.id), place=item.place)
        fault = _Fault("The shop failed at this; its log says how.")
        _fail(item, fault, now=now)


class _Fault(EvertillError):
    code = "INTERNAL"


def _do(made: Bulk, item: Item, asker: Asker, *, now: dt.datetime) -> None:
    declared = operation_of(made.operation)
    task = _task(made, item, asker, now=now)
    if item.tries > _TRIES_MAX:
        raise _Fault("This was begun and never ended, again and again; it is not tried any more.")
    if declared.calls_outside:
        note = declared.apply(task)
        with db.write():
            bulk.end_item(item_id=item.id, state=ItemState.DONE, note=note, now=now)
    else:
        _do_inside(declared, task, item, now=now)


def _task(made: Bulk, item: Item, asker: Asker, *, now: dt.datetime) -> Task:
    return Task(
        asker=asker,
        subject=item.subject,
        content=msgspec.json.decode(item.content),
        options=msgspec.json.decode(made.options),
        key=crypto.fingerprint(b"bulk", made.id.to_bytes(8, "big"), item.place.to_bytes(4, "big")),
        bulk=ids.to_number(made.id),
        why=made.why,
        approved_by=made.approved_by,
        now=now,
    )


def _do_inside(declared: BulkOperation, task: Task, item: Item, *, now: dt.datetime) -> None:
    with db.write():
        # Else somebody else is at it whose claim ran out, or it was cancelled.
        if bulk.lock_item(item_id=item.id):
            note = declared.apply(task)
            bulk.end_item(item_id=item.id, state=ItemState.DONE, note=note, now=now)


def _asker(made: Bulk) -> Asker:
    actor = msgspec.json.decode(made.actor, type=Actor)
    asker = Asker(actor=actor)
    # What he does is recorded with the roles that he has by now.
    roles = tuple(role.name for role in asker.read_holder().roles) if asker.account_id is not None else actor.roles
    return Asker(actor=msgspec.structs.replace(actor, roles=roles))


def _again_or_fail(item: Item, error: EvertillError, *, now: dt.datetime) -> None:
    if item.tries >= _TRIES_MAX:
        _fail(item, error, now=now)
        return
    with db.write():
        bulk.postpone(item_id=item.id, until=now + _LATER * item.tries, code=error.code, note=error.detail)


def _fail(item: Item, error: EvertillError, *, now: dt.datetime) -> None:
    with db.write():
        _end_failed(item.id, error, now=now)


def _end_failed(item_id: int, error: EvertillError, *, now: dt.datetime) -> None:
    bulk.end_item(item_id=item_id, state=ItemState.FAILED, code=error.code, note=error.detail, now=now)


def _refuse(made: Bulk, item: Item, asker: Asker, refused: Forbidden, *, now: dt.datetime) -> None:
    declared = operation_of(made.operation)
    with db.write():
        if not declared.calls_outside:
            # What the journey recorded of it was undone together with what it did.
            trail.write(
                actor=asker.actor,
                operation=refused.facts["permission"],
                subject=Subject(kind=declared.kind, id=item.subject),
                why=refused.detail,
                outcome=Outcome.REFUSED,
                now=now,
            )
        _end_failed(item.id, refused, now=now)
    _stop_if_lost(made, asker, now=now)


def _stop_if_lost(made: Bulk, asker: Asker, *, now: dt.datetime) -> None:
    """End a bulk whose asker may do none of it any more, instead of refusing each thing by itself."""
    if access.may(asker.read_holder(), operation_of(made.operation).permission):
        return
    with db.write():
        try:
            ended = bulk.stop(bulk_id=made.id, now=now)
        except BulkNotOpen:
            return
        record(ended, asker.actor, "bulk.stop", after=counts_of(bulk.read_progress(bulk_id=made.id)), now=now)


def _end(bulk_id: int, *, now: dt.datetime) -> None:
    with db.write():
        ended = bulk.end_when_done(bulk_id=bulk_id, now=now)
        if ended is not None:
            progress = bulk.read_progress(bulk_id=bulk_id)
            record(ended, _asker(ended).actor, "bulk.finish", after=counts_of(progress), now=now)


def remove_old_bulks(*, now: dt.datetime) -> int:
    """This function will remove one batch of bulks that were made long ago, and return how many."""
    limits = config.get()
    with db.write():
        return bulk.remove_old(before=now - dt.timedelta(days=limits.bulk_keep_days), limit=limits.bulks_remove_max)
