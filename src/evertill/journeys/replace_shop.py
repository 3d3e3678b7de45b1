"""Replace the living shop by one that is restored beside it, by consent of two people of the shop; delete nothing.

The new shop is made and audited while the old one is open. What the old one has and the new one has not is told before
anything is done. Then the old one is closed, compared once more, and the two folders exchange their names in one step
of the file system: whoever is killed, at whatever moment, leaves the one shop or the other, whole.

Where the folder cannot be exchanged, or the database is not in it, the new shop stays in a folder of its own, and a
note in the old one keeps that from being opened. Where the living database cannot be opened, nobody can be asked for
consent: then the machine's operator restores without it, which stands in the restored shop's trail and is an alert.
"""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import msgspec
import psycopg

from evertill.domains import recovery
from evertill.journeys.compare_shops import Loss, compare_shops
from evertill.journeys.consent_restore import find_consent, read_consent_file, spend_consent
from evertill.journeys.living_shop import (
    Living,
    close_living,
    find_living,
    find_trouble,
    open_living,
    wait_for_nodes,
)
from evertill.journeys.make_beside import catch_up, make_beside
from evertill.journeys.record_restore import Leave, Replacement
from evertill.journeys.replace_work import KEPT, START_S, Means, ReplaceWork
from evertill.journeys.take_place import check_place, exchange_folders, leave_folder
from evertill.kernel import db, embedded, ids
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.supervise import hold_folder, replacing_folder

__all__ = [
    "CanConsent",
    "Emergency",
    "LineUnknown",
    "NotReplaced",
    "Replaced",
    "replace_shop",
]

_LOST = "lost-orders.csv"


class CanConsent(EvertillError):
    """The living database opens, so that two people can be asked."""

    code = "RESTORE_CAN_CONSENT"
    status: ClassVar[Status] = "forbidden"
    kept = KEPT
    remedy = (
        "Have two people consent at the desk, and restore with --over-live. Restoring without consent is for a shop"
        " whose database cannot be opened, or not be read."
    )


class CanConsentAtOnce(CanConsent):
    """The same, found out before anything was restored."""

    kept = "Nothing was restored, and the living shop was not touched."


class LineUnknown(EvertillError):
    """The living data folder does not say which copies are its own."""

    code = "RESTORE_LINE_UNKNOWN"
    status: ClassVar[Status] = "conflict"
    kept = "Nothing was restored, and the living shop was not touched."
    remedy = "Name its line with --line; `evertill backup list --from … --key …` shows those that there are."


class NotReplaced(EvertillError):
    """It was given up before anything was done."""

    code = "RESTORE_GIVEN_UP"
    status: ClassVar[Status] = "conflict"
    kept = KEPT
    remedy = "While the consent is good, the same command can be given again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """What is restored when nobody can be asked for consent: which line ("": the folder's own), as of when, and why."""

    line: str
    at: dt.datetime | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The shop in `folder` is the restored one. `old` is where the other one lies.

    `loss` is what that one alone has (None: not known), listed in `file` of the folder; `last_at` is when the last
    thing happened in the restored one. It opens again by itself, or has to be opened by hand.
    """

    folder: Path
    old: Path
    file: str
    loss: Loss | None
    last_at: dt.datetime | None
    reopens: bool


def replace_shop(*, folder: Path, asked: str | Emergency, into: Path | None, means: Means) -> Replaced:
    """This function will put a restored shop in the place of the living one, and have that open again.

    `asked` is the number of the consent to it, or an emergency. `into` is where the restored shop stays; without one,
    the two folders exchange their names.

    Raises ConsentInvalid, CanConsent, LineUnknown, NoLivingShop, CannotExchange, FolderTaken, RestoredUnsound,
    NotReplaced, NodesOpen, ReplacedAlready, FolderHeld, and what planning and restoring raise. Whatever it raises, the
    living shop is as it was.
    """
    folder = folder.resolve()
    living = find_living(folder=folder, given=means.database)
    means.connect()
    with ExitStack() as waiting, ExitStack() as closed, ExitStack() as server:
        waiting.enter_context(replacing_folder(folder))
        check_place(living, into)
        if not living.is_running:
            closed.enter_context(hold_folder(folder))
        trouble = find_trouble(living) if living.is_running else open_living(living, server=server, tell=means.tell)
        work = _begin(living, asked, into=into, trouble=trouble, means=means)
        make_beside(work)
        _agree(work)
        if living.is_running:
            _close(work, closed, server)
            catch_up(work)
        wait_for_nodes(living)
        loss = _finish(work)
        server.close()
        # Whoever comes for the new folder waits as well, until this one has let go of the old one.
        waiting.enter_context(replacing_folder(work.beside))
        old = _put_in_place(work)
        return Replaced(
            folder=folder if work.is_exchanged else work.beside,
            old=old,
            file=_LOST,
            loss=loss,
            last_at=work.last_at,
            # Somebody may have closed it for good meanwhile.
            reopens=living.is_waited_for and work.is_exchanged,
        )


def _begin(living: Living, asked: str | Emergency, *, into: Path | None, trouble: str, means: Means) -> ReplaceWork:
    now = means.clock()
    if trouble:
        means.tell(f"The living shop's database cannot be opened: {trouble}")
    if isinstance(asked, Emergency):
        leave = _leave_of(living, asked, trouble=trouble)
    else:
        leave = _consented(living, asked, trouble=trouble, now=now)
    work = ReplaceWork(
        living=living,
        means=means,
        leave=leave,
        is_open=not trouble,
        beside=into or living.folder.with_name(f"{living.folder.name}.beside-{now:%Y%m%dT%H%M%SZ}"),
        is_exchanged=into is None,
    )
    moment = f"{leave.at:%Y-%m-%d %H:%M:%S} UTC" if leave.at else "the latest moment"
    said = f"By consent {ids.to_number(leave.consent.id)}" if leave.consent is not None else "Without consent"
    work.note(f"{said}: restoring line {leave.line} to {moment}, beside the living shop.")
    return work


def _leave_of(living: Living, asked: Emergency, *, trouble: str) -> Leave:
    if not trouble:
        raise CanConsentAtOnce("The living shop's database can be opened.")
    own = recovery.place.Place(living.folder).read_line()
    line = asked.line or (own.id if own else "")
    if not line:
        raise LineUnknown(f"{living.folder} does not say any more which line of copies is its own.")
    return Leave(line=line, at=asked.at, why=asked.why, trouble=trouble)


def _consented(living: Living, number: str, *, trouble: str, now: dt.datetime) -> Leave:
    if trouble:
        consent = read_consent_file(folder=living.folder, number=number, now=now)
    else:
        consent = find_consent(number=number, now=now)
    db.close()
    return Leave(line=consent.line, at=consent.at, why=consent.why, consent=consent)


def _agree(work: ReplaceWork) -> None:
    """Tell what will be lost, have that agreed to, and use the consent up."""
    means, consent = work.means, work.leave.consent
    loss = None
    if work.is_open:
        with embedded.running(folder=work.beside, seconds=START_S, tell=means.tell) as other:
            loss = _compare(work, other=other)
    if not means.agree(loss, work.beside / _LOST):
        raise NotReplaced("It was not agreed to.")
    if consent is not None:
        spend_consent(consent=consent, asker=means.asker, folder=work.folder, is_open=work.is_open, now=means.clock())
        db.close()


def _compare(work: ReplaceWork, *, other: str) -> Loss | None:
    try:
        return compare_shops(living=work.living.address, other=other, file=work.beside / _LOST)
    except psycopg.Error as error:
        work.means.tell(f"The two could not be compared: {' / '.join(str(error).strip().splitlines()[:2])}")
        return None


def _close(work: ReplaceWork, closed: ExitStack, server: ExitStack) -> None:
    """Close the living shop, and see once more, now that nothing else is in the way, whether its database opens."""
    work.note("Closing the living shop; what it has accepted is finished, and copied as ever.")
    close_living(work.living, closed=closed)
    trouble = open_living(work.living, server=server, tell=work.means.tell)
    if work.leave.consent is None and not trouble:
        raise CanConsent("The living shop's database could be opened after all.")
    work.is_open = work.is_open and not trouble
    if work.leave.consent is None:
        work.leave = msgspec.structs.replace(work.leave, trouble=trouble)


def _finish(work: ReplaceWork) -> Loss | None:
    """Compare what was closed, and write all of it into the restored shop's trail."""
    means = work.means
    with embedded.running(folder=work.beside, seconds=START_S, tell=means.tell) as other:
        loss = _compare(work, other=other) if work.is_open else None
        if loss is not None:
            sums = ", ".join(str(total) for total in loss.totals) or "nothing"
            work.note(
                f"The living shop is closed: {loss.missing} orders will not be in the restored one, {sums} in all;"
                f" {loss.changed} stand otherwise there.",
                orders=[one.number for one in loss.told],
            )
        else:
            work.note("The living shop is closed; what will not be in the restored one could not be told.")
        if work.is_exchanged:
            work.note("The two exchange places.", old=str(_old(work)))
        else:
            work.note(f"It takes the other one's place from {work.beside}.", old=str(work.folder))
        asked = Replacement(leave=work.leave, asker=means.asker.actor, steps=work.steps)
        means.within(work.beside, ["drill", "record"], msgspec.json.encode(asked).decode())
    return loss


def _put_in_place(work: ReplaceWork) -> Path:
    """The one step after which the restored shop is the shop; return where the other one lies."""
    if work.is_exchanged:
        return exchange_folders(work.folder, work.beside, old=_old(work), tell=work.means.tell)
    leave_folder(work.folder, work.beside, now=work.means.clock())
    work.means.tell(f"{work.folder} does not open any more.")
    return work.folder


def _old(work: ReplaceWork) -> Path:
    return work.folder.with_name(work.beside.name.replace(".beside-", ".before-"))
