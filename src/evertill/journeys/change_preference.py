"""Change a preference: decide anew what the shop had decided, or go back to what it was; what was stays to be read.

What guards money or customers another person approves, to the letter; the operator of the machine needs nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from evertill.domains import preferences, trail
from evertill.domains.access import Permission
from evertill.domains.approvals import Approval
from evertill.domains.preferences import Name, Preference, PreferenceInvalid
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.permitted import Asker, Wish, approved, check_permitted, recording_refusals
from evertill.journeys.proved_anew import proved_anew
from evertill.kernel import db
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import check_unchanged

__all__ = [
    "PreferenceInvalid",
    "PreferenceUnchanged",
    "ask_to_change_preference",
    "change_preference",
    "find_name",
]


class PreferenceUnchanged(EvertillError):
    """It is so already."""

    code = "PREFERENCE_UNCHANGED"
    status = "conflict"
    remedy = "Look at what holds now; nothing is left to do."


def change_preference(
    *, asker: Asker, name: Name, text: str, why: str, now: dt.datetime, seen: int | None = None
) -> Preference:
    """This function will decide a value, written as people type it, and return what holds then.

    `seen` is the version that the asker saw, to be told when somebody else has changed it since. A sensitive one needs
    another person's approval, and a proof anew of who changes it. Raises Forbidden, ApprovalRequired, StepUpRequired,
    ChangedMeanwhile, PreferenceInvalid, and PreferenceUnchanged.
    """
    with _changing(asker, name, now=now):
        before, value = _judge(name, text, seen)
        by = ""
        if preferences.DECLARED[name].is_sensitive:
            by = approved(asker=asker, wish=_wish(before, value), now=now)
            proved_anew(asker=asker, permission=Permission.SETTINGS_EDIT, subject=_subject(name), now=now)
        after = preferences.set_value(name=name, value=value, by=asker.name, why=why, now=now)
        trail.write(
            actor=asker.actor,
            operation="settings.edit",
            subject=_subject(name),
            before={"value": before.value, "version": before.version},
            after={"value": after.value, "version": after.version} | ({"approved_by": by} if by else {}),
            why=why,
            now=now,
        )
        return after


def ask_to_change_preference(
    *, asker: Asker, name: Name, text: str, why: str, now: dt.datetime, seen: int | None = None
) -> Approval:
    """This function will ask for the approval of exactly this change; raises what change_preference raises."""
    with _changing(asker, name, now=now):
        before, value = _judge(name, text, seen)
    return decide_approvals.ask(asker=asker, wish=_wish(before, value), why=why, now=now)


def find_name(text: str) -> Name:
    """This function will return what somebody names; raises PreferenceInvalid when there is no such thing."""
    try:
        return Name(text)
    except ValueError:
        raise PreferenceInvalid(f"There is nothing called '{text[:40]}' to decide.") from None


@contextmanager
def _changing(asker: Asker, name: Name, *, now: dt.datetime) -> Iterator[None]:
    with recording_refusals(asker=asker, subject=_subject(name), now=now), db.write():
        # Before it is read: what the change depends on stays as it is until the transaction has ended.
        preferences.lock()
        check_permitted(asker=asker, permission=Permission.SETTINGS_EDIT)
        yield


def _judge(name: Name, text: str, seen: int | None) -> tuple[Preference, int | str]:
    value = preferences.read_value(name, text)
    before = preferences.read_one(name)
    if seen is not None:
        check_unchanged(what=f"'{name}'", seen={"version": seen}, now={"version": before.version})
    if value == before.value:
        raise PreferenceUnchanged("This is what holds already.")
    return before, value


def _wish(before: Preference, value: int | str) -> Wish:
    # With the version: an approval is for a change of what its approver saw.
    return Wish(
        permission=Permission.SETTINGS_EDIT,
        subject=_subject(before.name),
        content={"value": value, "instead_of": before.value, "version": before.version},
    )


def _subject(name: Name) -> Subject:
    return Subject(kind="preference", id=name.value)
