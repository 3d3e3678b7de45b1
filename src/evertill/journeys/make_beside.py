"""Make the shop that is to replace the living one: restore and audit it beside that, while it is open.

Where the wanted moment lies behind the copies, the log of the living folder is taken as well, which may have what they
have not; and where it is the latest one, what was written until the living shop was closed is taken over by restoring
once more.
"""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from typing import ClassVar

import msgspec

from evertill.journeys.anchor_journal import bring_heads, noted_at_target
from evertill.journeys.anchor_trail import ANCHOR_FILE
from evertill.journeys.living_log import find_living_log, has_gone_on, tell_living_log
from evertill.journeys.plan_restore import Plan, plan_restore
from evertill.journeys.record_restore import Found
from evertill.journeys.replace_work import KEPT, START_S, ReplaceWork
from evertill.journeys.restore_shop import remove_restored, restore_shop, tell_passed_over
from evertill.kernel import db, embedded
from evertill.kernel.errors import EvertillError, Status

__all__ = ["RestoredUnsound", "catch_up", "make_beside"]

# What the living shop needs to reach its target, and no copy has; and where its trail stood.
_BROUGHT = ("backups/s3-credentials", "backups/sftp-key", "backups/known_hosts", ANCHOR_FILE)


class RestoredUnsound(EvertillError):
    """The restored shop's books do not add up."""

    code = "RESTORED_UNSOUND"
    status: ClassVar[Status] = "conflict"
    kept = KEPT
    remedy = "Restore to another moment, which takes another consent, or without a backup that is damaged."


def make_beside(work: ReplaceWork) -> None:
    """This function will restore and audit it, while the living shop goes on.

    Raises RestoredUnsound, and what planning and restoring raise.
    """
    means = work.means
    plan = _plan(work)
    if work.is_open:
        with closing(means.opener()) as target:
            work.noted = noted_at_target(target=target, key=means.key, line=plan.line)
    _restore(work, plan)
    _audit(work)


def _plan(work: ReplaceWork) -> Plan:
    means, leave = work.means, work.leave
    with closing(means.opener()) as target:
        return plan_restore(
            target=target,
            key=means.key,
            at=leave.at,
            line=leave.line,
            without=means.without,
            # A database of the operator's own has its log elsewhere.
            may_go_beyond=not work.living.given,
            warn=means.tell,
        )


def _restore(work: ReplaceWork, plan: Plan) -> None:
    means = work.means
    work.copied = plan.pieces[-1].end
    left = find_living_log(work.living, plan=plan)
    if plan.is_beyond:
        means.tell(f"The copies end at {plan.ends_at:%Y-%m-%d %H:%M:%S} UTC; going on with the living shop's own log.")
    work.restored = restore_shop(
        plan=plan,
        opener=means.opener,
        key=means.key,
        into=work.beside,
        report=means.report,
        left=left,
    )
    last = f"{work.last_at:%Y-%m-%d %H:%M:%S} UTC" if work.last_at else "its backup"
    if damaged := tell_passed_over(work.restored):
        work.note(damaged)
    if told := tell_living_log(work.restored, plan=plan):
        work.note(told)
    work.note(f"Restored beside it, up to {last}; auditing it.", backup=plan.backup.id, folder=str(work.beside))


def _audit(work: ReplaceWork) -> None:
    means = work.means
    for name in _BROUGHT:
        # Of a broken disk, what can be read.
        with suppress(OSError):
            shutil.copy2(work.folder / name, work.beside / name)
    if work.noted is not None:
        db.close()
        bring_heads(noted=work.noted, folder=work.beside)
    with embedded.running(folder=work.beside, seconds=START_S, tell=means.tell):
        found = msgspec.json.decode(means.within(work.beside, ["drill", "audit"], ""), type=Found)
    if found.faults:
        raise RestoredUnsound("; ".join(found.faults))
    work.note("Its books are sound.")


def catch_up(work: ReplaceWork) -> None:
    """This function will take over what the shop did until it was closed, where it is to be the latest moment.

    What is open does not replay any more, so it is made once more, from the same copies. Raises as `make_beside` does.
    """
    if work.leave.at is not None or work.restored is None:
        return
    plan = _plan(work)
    if plan.pieces[-1].end <= work.copied and not has_gone_on(work.living, plan=plan, end=work.restored.end):
        return
    work.note("The living shop went on while it was restored; restoring once more, up to its end.")
    remove_restored(work.beside)
    _restore(work, plan)
    _audit(work)
