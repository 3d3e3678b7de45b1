"""Replace the living shop by one that is restored beside it, by consent of two people of the shop; delete nothing.

The new shop is made and audited while the old one is open. What the old one has and the new one has not is told before
anything is done. Then the old one is closed, compared once more, and the two folders exchange their names in one step
of the file system: whoever is killed, at whatever moment, leaves the one shop or the other, whole.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import msgspec

from evertill.domains.recovery import Consent, Key, Target
from evertill.journeys.anchor_journal import bring_heads, noted_at_target
from evertill.journeys.anchor_trail import ANCHOR_FILE
from evertill.journeys.compare_shops import Loss, compare_shops
from evertill.journeys.consent_restore import find_consent, read_consent_file, spend_consent
from evertill.journeys.permitted import Asker
from evertill.journeys.record_restore import Found, Replacement, Step
from evertill.journeys.restore_shop import Report, plan_restore, restore_shop
from evertill.kernel import db, embedded, ids
from evertill.kernel.clock import Clock
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.files import exchange
from evertill.kernel.supervise import FolderHeld, NotRunning, hold_folder, read_run, replacing_folder

__all__ = ["CannotExchange", "Means", "NotReplaced", "Replaced", "RestoredUnsound", "replace_shop"]

_KEPT = "The living shop is as it was. What was restored lies beside it, and can be looked at or removed."
# Long enough for the slowest shop to finish what it has accepted.
_CLOSE_S = 180.0
_START_S = 120.0
_LOOK_S = 0.1
_LOST = "lost-orders.csv"
# What the living shop needs to reach its target, and no copy has; and where its trail stood.
_BROUGHT = ("backups/s3-credentials", "backups/sftp-key", "backups/known_hosts", ANCHOR_FILE)


class CannotExchange(EvertillError):
    """Another folder cannot take the place of this one in one step."""

    code = "RESTORE_CANNOT_EXCHANGE"
    status: ClassVar[Status] = "conflict"
    kept = "Nothing was restored, and the living shop was not touched."
    remedy = (
        "The data folder must not be a mount of its own, and this user has to be allowed to write in the folder above"
        " it. Otherwise restore into an empty folder (--into), close the shop, and open that one."
    )


class RestoredUnsound(EvertillError):
    """The restored shop's books do not add up."""

    code = "RESTORED_UNSOUND"
    status: ClassVar[Status] = "conflict"
    kept = _KEPT
    remedy = "Restore to another moment, which takes another consent, or without a backup that is damaged."


class NotReplaced(EvertillError):
    """It was given up before anything was done."""

    code = "RESTORE_GIVEN_UP"
    status: ClassVar[Status] = "conflict"
    kept = _KEPT
    remedy = "While the consent is good, the same command can be given again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What whoever calls brings along.

    `connect` leads this process to the living shop's database, which runs then. `within` runs a hidden command inside a
    shop that is none of this process's: folder, words, what it reads; it returns what it says. `agree` is shown what
    will be lost, and says whether to go on.
    """

    asker: Asker
    clock: Clock
    opener: Callable[[], Target]
    key: Key
    without: Sequence[str]
    connect: Callable[[], object]
    within: Callable[[Path, list[str], str], str]
    agree: Callable[[Loss | None, Path], bool]
    tell: Callable[[str], None]
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The shop is the restored one. `old` is where the other one lies; `loss` what it alone has (None: not known).

    `file` in the shop's folder lists that; `last_at` is when the last thing happened in the restored one.
    """

    old: Path
    file: str
    loss: Loss | None
    last_at: dt.datetime | None
    reopens: bool


@dataclass(slots=True, kw_only=True)
class _Work:
    folder: Path
    means: Means
    consent: Consent
    # The living database can be asked.
    is_open: bool
    beside: Path
    steps: list[Step] = field(default_factory=list)
    last_at: dt.datetime | None = None

    def note(self, says: str, **facts: object) -> None:
        """This function will tell of a step, and have it stand in the restored shop's trail."""
        self.means.tell(says)
        self.steps.append(Step(at=self.means.clock(), says=says, facts=facts))


def replace_shop(*, folder: Path, number: str, means: Means) -> Replaced:
    """This function will put the shop that a consent names in the place of the living one, and have that open again.

    Raises ConsentInvalid, CannotExchange, RestoredUnsound, NotReplaced, ReplacedAlready, FolderHeld, and what planning
    and restoring raise. Whatever it raises, the living shop is as it was.
    """
    folder = folder.resolve()
    with ExitStack() as waiting, ExitStack() as closed, ExitStack() as server:
        waiting.enter_context(replacing_folder(folder))
        check_exchange(folder)
        is_running = _is_running(folder)
        if not is_running:
            closed.enter_context(hold_folder(folder))
        can_ask = is_running or _serve(folder, server, means)
        work = _begin(folder, number, means=means, can_ask=can_ask)
        _make_beside(work)
        _agree(work)
        if is_running:
            _close(work, closed)
            _serve(folder, server, means)
        loss = _finish(work)
        server.close()
        # Whoever comes for the new folder waits as well, until this one has let go of the old one.
        waiting.enter_context(replacing_folder(work.beside))
        old = _exchange(work)
        return Replaced(old=old, file=_LOST, loss=loss, last_at=work.last_at, reopens=is_running)


def check_exchange(folder: Path) -> None:
    """This function will try what will be done, with two folders beside; raises CannotExchange."""
    if not (folder / "postgres.json").exists():
        raise CannotExchange(f"There is no living shop with a database of its own in {folder}.")
    if folder.stat().st_uid != os.geteuid():
        raise CannotExchange(f"{folder} belongs to another user than the one who gives this command.")
    if folder.is_mount():
        raise CannotExchange(f"{folder} is a mount of its own.")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as tried:
            one, other = Path(tried) / "one", Path(tried) / "other"
            one.mkdir()
            other.mkdir()
            exchange(one, other)
    except OSError as error:
        raise CannotExchange(f"Folders beside {folder} cannot be exchanged: {error.strerror}.") from error


def _is_running(folder: Path) -> bool:
    try:
        note = read_run(folder)
    except NotRunning:
        return False
    if note.get("database") == "external":
        raise CannotExchange(f"The database of the shop in {folder} is not the data folder's own.")
    return True


def _serve(folder: Path, server: ExitStack, means: Means) -> bool:
    """Open the living database while nothing else does, and say whether that went well."""
    try:
        server.enter_context(embedded.running(folder=folder, seconds=_START_S, tell=means.tell))
    except EvertillError as error:
        means.tell(f"The living shop's database cannot be opened: {error.detail}")
        return False
    return True


def _begin(folder: Path, number: str, *, means: Means, can_ask: bool) -> _Work:
    means.connect()
    now = means.clock()
    consent = (
        find_consent(number=number, now=now) if can_ask else read_consent_file(folder=folder, number=number, now=now)
    )
    db.close()
    beside = folder.with_name(f"{folder.name}.beside-{now:%Y%m%dT%H%M%SZ}")
    work = _Work(folder=folder, means=means, consent=consent, is_open=can_ask, beside=beside)
    moment = f"{consent.at:%Y-%m-%d %H:%M:%S} UTC" if consent.at else "the latest moment"
    work.note(
        f"By consent {ids.to_number(consent.id)}: restoring line {consent.line} to {moment}, beside the living shop.",
        asked_by=consent.asked_by,
        approved_by=consent.approved_by,
    )
    return work


def _make_beside(work: _Work) -> None:
    """Restore and audit, while the living shop goes on."""
    means, consent = work.means, work.consent
    target = means.opener()
    try:
        plan = plan_restore(
            target=target, key=means.key, at=consent.at, line=consent.line, without=means.without, warn=means.tell
        )
        noted = noted_at_target(target=target, key=means.key, line=plan.line) if work.is_open else []
    finally:
        target.close()
    restored = restore_shop(plan=plan, opener=means.opener, key=means.key, into=work.beside, report=means.report)
    work.last_at = restored.last_at
    last = f"{restored.last_at:%Y-%m-%d %H:%M:%S} UTC" if restored.last_at else "its backup"
    work.note(f"Restored beside it, up to {last}; auditing it.", backup=plan.backup.id, folder=str(work.beside))
    for name in _BROUGHT:
        with suppress(FileNotFoundError):
            shutil.copy2(work.folder / name, work.beside / name)
    db.close()
    bring_heads(noted=noted, folder=work.beside)
    with embedded.running(folder=work.beside, seconds=_START_S, tell=means.tell):
        found = msgspec.json.decode(means.within(work.beside, ["drill", "audit"], ""), type=Found)
    if found.faults:
        raise RestoredUnsound("; ".join(found.faults))
    work.note("Its books are sound.")


def _agree(work: _Work) -> None:
    """Tell what will be lost, have that agreed to, and use the consent up."""
    means = work.means
    loss = None
    if work.is_open:
        with embedded.running(folder=work.beside, seconds=_START_S, tell=means.tell) as other:
            loss = _compare(work, other=other)
    if not means.agree(loss, work.beside / _LOST):
        raise NotReplaced("It was not agreed to.")
    spend_consent(consent=work.consent, asker=means.asker, folder=work.folder, is_open=work.is_open, now=means.clock())
    db.close()


def _compare(work: _Work, *, other: str) -> Loss:
    return compare_shops(living=embedded.url(work.folder), other=other, file=work.beside / _LOST)


def _close(work: _Work, closed: ExitStack) -> None:
    """Have the shop finish what it has accepted, and keep everybody from opening it again."""
    work.note("Closing the living shop; what it has accepted is finished, and copied as ever.")
    with suppress(NotRunning, ProcessLookupError):
        os.kill(int(read_run(work.folder)["pid"]), signal.SIGTERM)
    deadline = time.monotonic() + _CLOSE_S
    while True:
        try:
            closed.enter_context(hold_folder(work.folder))
        except FolderHeld:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_LOOK_S)
        else:
            return


def _finish(work: _Work) -> Loss | None:
    """Compare what was closed, and write all of it into the restored shop's trail."""
    means = work.means
    with embedded.running(folder=work.beside, seconds=_START_S, tell=means.tell) as other:
        loss = None
        if work.is_open:
            loss = _compare(work, other=other)
            sums = ", ".join(str(total) for total in loss.totals) or "nothing"
            work.note(
                f"The living shop is closed: {loss.missing} orders will not be in the restored one, {sums} in all;"
                f" {loss.changed} stand otherwise there.",
                orders=[one.number for one in loss.told],
            )
        else:
            work.note("The living shop is closed; what will not be in the restored one could not be told.")
        work.note("The two exchange places.", old=str(_old(work)))
        asked = Replacement(consent=work.consent, asker=means.asker.actor, steps=work.steps)
        means.within(work.beside, ["drill", "record"], msgspec.json.encode(asked).decode())
    return loss


def _exchange(work: _Work) -> Path:
    """Give each folder the other's name. Before and after it, either is a whole shop that opens."""
    old = _old(work)
    embedded.note_folder(work.beside, becomes=work.folder)
    os.sync()
    try:
        exchange(work.folder, work.beside)
    except OSError as error:
        raise CannotExchange(f"{work.folder} cannot be exchanged: {error.strerror}.") from error
    work.means.tell("Exchanged.")
    # From here on everything is for tidiness.
    with suppress(OSError):
        work.beside.rename(old)
        embedded.note_moved(old)
    return old


def _old(work: _Work) -> Path:
    return work.folder.with_name(work.beside.name.replace(".beside-", ".before-"))
