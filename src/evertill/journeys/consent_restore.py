"""Consent to a restore over the living shop: one asks, another one approves, and the machine's operator may, once.

A restore puts another shop in the place of the one that is open, with other orders and other people in it. Nobody at
the desk can do that, and nobody at the machine without the desk's consent. It is kept in the database, where it is used
up, and in a file of the data folder that bears the shop's mark: the database may be what is broken. Neither comes back
with a restored shop.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import ClassVar

import msgspec

from evertill.domains import recovery, trail
from evertill.domains.access import Permission
from evertill.domains.approvals import Approval, ApprovalRequired
from evertill.domains.recovery import Consent
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.permitted import Asker, Wish, approved, permitted
from evertill.journeys.proved_anew import proved_anew
from evertill.kernel import config, crypto, db, ids
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.files import write_whole

__all__ = [
    "CannotConsent",
    "Consent",
    "ConsentInvalid",
    "RestoreOver",
    "ask_to_restore",
    "consent_to_restore",
    "find_consent",
    "read_consent_file",
    "spend_consent",
]

_PERMISSION = Permission.BACKUPS_RESTORE
_PURPOSE = "consent to a restore"
_LINE = re.compile(r"[0-9a-f]{16}")


class RestoreOver(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants in the place of the living shop: the copies of a line ("": its own), as of a moment."""

    at: dt.datetime | None = None
    line: str = ""
    why: str


class CannotConsent(EvertillError):
    """There is nothing that could be restored over this shop."""

    code = "RESTORE_CANNOT"
    kept = "Nothing was changed."
    remedy = "Name a moment that has passed, and a line that `evertill backup list` shows."


class ConsentInvalid(EvertillError):
    """Nobody has consented to this, or not any more."""

    code = "RESTORE_NO_CONSENT"
    status: ClassVar[Status] = "forbidden"
    kept = "The living shop was not touched."
    remedy = (
        "Have it asked for and approved at the desk, in the room of backups. Restoring into an empty folder needs no"
        " consent: evertill restore --into."
    )


class _Marked(msgspec.Struct, frozen=True):
    consent: Consent
    mark: str


def consent_to_restore(*, asker: Asker, asked: RestoreOver, now: dt.datetime) -> Consent:
    """This function will let the machine's operator restore over the living shop, once, within the hour.

    It needs another person's approval of exactly this line and moment, also where the operator of the machine asks, and
    a proof anew of who asks. Raises Forbidden, ApprovalRequired, StepUpRequired and CannotConsent.
    """
    line = _line_of(asked, now=now)
    wish = _wish(line, asked.at)
    with permitted(asker=asker, permission=_PERMISSION, subject=wish.subject, now=now):
        by = approved(asker=asker, wish=wish, now=now)
        if not by:
            raise ApprovalRequired("Who has the machine cannot consent for the shop.")
        proved_anew(asker=asker, permission=_PERMISSION, subject=wish.subject, now=now)
        (consent_id,) = ids.new_ids(1, now=now)
        consent = Consent(
            id=consent_id,
            line=line,
            at=asked.at,
            why=asked.why,
            asked_by=asker.name,
            approved_by=by,
            given_at=now,
            expires_at=now + dt.timedelta(minutes=config.get().restore_consent_min),
        )
        recovery.operations.give_consent(consent=consent)
        trail.write(
            actor=asker.actor,
            operation=_PERMISSION.value,
            subject=subject_of(consent),
            after={**wish.content, "step": "consent given", "approved_by": by, "until": consent.expires_at.isoformat()},
            why=asked.why,
            now=now,
        )
        # Before the commit: a file without its row is worth nothing while there is a database to ask.
        _write(config.get().data, consent)
    return consent


def ask_to_restore(*, asker: Asker, asked: RestoreOver, now: dt.datetime) -> Approval:
    """This function will ask another person to approve it; raises Forbidden, StepUpRequired and CannotConsent."""
    wish = _wish(_line_of(asked, now=now), asked.at)
    with permitted(asker=asker, permission=_PERMISSION, subject=wish.subject, now=now):
        proved_anew(asker=asker, permission=_PERMISSION, subject=wish.subject, now=now)
    return decide_approvals.ask(asker=asker, wish=wish, why=asked.why, now=now)


def find_consent(*, number: str, now: dt.datetime) -> Consent:
    """This function will return a consent that can be used now, from the living database; raises ConsentInvalid."""
    consent = recovery.queries.read_consent(consent_id=_id_of(number))
    if consent is None:
        raise ConsentInvalid(f"The shop knows no consent {number[:20]}.")
    if consent.spent_at is not None:
        raise ConsentInvalid(f"The consent {number[:20]} was used up at {consent.spent_at:%Y-%m-%d %H:%M:%S} UTC.")
    return _in_time(consent, now=now)


def read_consent_file(*, folder: Path, number: str, now: dt.datetime) -> Consent:
    """This function will return a consent that can be used now, from its file; raises ConsentInvalid.

    For a living shop whose database cannot be opened any more to be asked.
    """
    number = ids.to_number(_id_of(number))
    try:
        marked = msgspec.json.decode(recovery.place.Place(folder).consent(number).read_bytes(), type=_Marked)
    except (OSError, msgspec.MsgspecError):
        raise ConsentInvalid(f"There is no consent {number} in {folder}, or it was used up.") from None
    if not crypto.equal(marked.mark, _mark(marked.consent)) or ids.to_number(marked.consent.id) != number:
        raise ConsentInvalid(f"The consent {number} does not bear the shop's mark.")
    return _in_time(marked.consent, now=now)


def spend_consent(*, consent: Consent, asker: Asker, folder: Path, is_open: bool, now: dt.datetime) -> None:
    """This function will use a consent up, in the living database where that can be opened; raises ConsentInvalid."""
    if is_open:
        with db.write():
            if not recovery.operations.spend_consent(consent_id=consent.id, now=now):
                raise ConsentInvalid("The consent was used up.")
            trail.write(
                actor=asker.actor,
                operation=_PERMISSION.value,
                subject=subject_of(consent),
                after={"step": "the shop is closed, to be replaced", "approved_by": consent.approved_by},
                why=consent.why,
                now=now,
            )
    file = recovery.place.Place(folder).consent(ids.to_number(consent.id))
    try:
        file.rename(file.with_suffix(".spent"))
    except FileNotFoundError:
        if not is_open:
            raise ConsentInvalid("The consent was used up.") from None


def subject_of(consent: Consent) -> Subject:
    """This function will return how the trail names a consent."""
    return Subject(kind="consent", id=ids.to_number(consent.id))


def _in_time(consent: Consent, *, now: dt.datetime) -> Consent:
    if now >= consent.expires_at:
        raise ConsentInvalid(f"The consent was good until {consent.expires_at:%Y-%m-%d %H:%M:%S} UTC.")
    return consent


def _id_of(number: str) -> int:
    try:
        return ids.from_number(number)
    except ids.InvalidNumber:
        raise ConsentInvalid(f"'{number[:20]}' is not the number of a consent.") from None


def _line_of(asked: RestoreOver, *, now: dt.datetime) -> str:
    own = recovery.place.Place(config.get().data).read_line()
    line = asked.line or (own.id if own else "")
    if not _LINE.fullmatch(line):
        raise CannotConsent("There are no such copies of this shop.")
    if asked.at is not None and asked.at > now:
        raise CannotConsent("This moment has not come yet.")
    return line


def _wish(line: str, at: dt.datetime | None) -> Wish:
    return Wish(
        permission=_PERMISSION,
        subject=Subject(kind="copies", id=line),
        content={"line": line, "at": at.isoformat() if at else "latest"},
    )


def _write(folder: Path, consent: Consent) -> None:
    file = recovery.place.Place(folder).consent(ids.to_number(consent.id))
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path=file, text=msgspec.json.encode(_Marked(consent, _mark(consent))).decode() + "\n")


def _mark(consent: Consent) -> str:
    return crypto.mac(msgspec.json.encode(consent), purpose=_PURPOSE).hex()
