"""Keep the backups' key: show it, and have somebody show that it is kept where this machine is not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import ClassVar

from evertill.domains import incidents, recovery
from evertill.domains.recovery import Key
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.said import Said

__all__ = ["FileExists", "NotProved", "check_custody", "confirm_key", "export_key", "show_key"]

# After so long nobody remembers where the paper is.
_REMEMBERED = dt.timedelta(days=183)
_KIND = incidents.Kind.BACKUP_KEY_UNCONFIRMED


class NotProved(EvertillError):
    """The characters are not those at the end of the key."""

    code = "BACKUP_KEY_NOT_PROVED"
    status: ClassVar[Status] = "forbidden"
    remedy = "Copy the last 8 characters from where you keep the key, not from this machine."


class FileExists(EvertillError):
    """There is a file of this name."""

    code = "FILE_EXISTS"
    status: ClassVar[Status] = "conflict"
    remedy = "Name a new file."


def show_key() -> Key:
    """This function will return the key of this shop's backups, made if it has none yet."""
    return recovery.place.Place(config.get().data).ensure_key()


def export_key(path: Path) -> None:
    """This function will write the key into a new file; raises FileExists."""
    if path.exists():
        raise FileExists(f"There is a file {path} already.")
    recovery.sealing.write_key(path, show_key())


def confirm_key(*, proof: str, now: dt.datetime) -> None:
    """This function will note that somebody has the key before him, by its last characters; raises NotProved."""
    key = show_key()
    if not key.is_proved_by(proof):
        raise NotProved("These are not the last 8 characters of the key.")
    with db.write():
        recovery.operations.note_custody(fingerprint=key.fingerprint, now=now)
        incidents.close_alerts(kind=_KIND, subject=key.fingerprint, actor="operator", why="the key was shown", now=now)


def check_custody(*, now: dt.datetime) -> bool:
    """This function will say whether somebody showed within half a year that he has the key; if not, with an alert."""
    key = show_key()
    shown_at = recovery.queries.read_shown_at(fingerprint=key.fingerprint)
    if shown_at is not None and dt.timedelta() <= now - shown_at < _REMEMBERED:
        return True
    with db.write():
        day = f"{shown_at:%Y-%m-%d}" if shown_at else ""
        detail = Said(
            text=f"The key of the backups was {f'last shown on {day}' if day else 'never shown'} outside this machine.",
            code="KEY_SHOWN" if day else "KEY_NEVER_SHOWN",
            values={"day": day},
        )
        incidents.raise_alert(kind=_KIND, subject=key.fingerprint, detail=detail, now=now)
    return False
