"""What the commands share: the data folder, and the environment that the settings read."""

from __future__ import annotations

import base64
import logging
import os
import pwd
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evertill.kernel import embedded
from evertill.kernel.errors import EvertillError
from evertill.kernel.files import lock, make_folder, write_whole
from evertill.kernel.supervise import NotRunning, read_run

if TYPE_CHECKING:
    from evertill.domains.trail import Actor
    from evertill.journeys.permitted import Asker

SETTINGS = "evertill.entry.site.settings"
# What these log when all goes well, a command says itself.
QUIET = ("evertill.trail", "evertill.recovery")
_SECRET = "secret.key"  # noqa: S105 - the name of its file

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The shop's data folder.", show_default="$EVERTILL_DATA, else the user's own"),
]


class DataFolderUnusable(EvertillError):
    """The data folder cannot be made, read or written."""

    code = "DATA_FOLDER"
    status = "unavailable"
    remedy = "Name a folder of your own: DATA=folder with make, --data folder with evertill."


class FileUnreadable(EvertillError):
    """A file cannot be read."""

    code = "FILE_UNREADABLE"
    remedy = "Check its name, and that this user may read it."


class DatabaseUnknown(EvertillError):
    """The shop uses a database that this command was not told about."""

    code = "DATABASE_UNKNOWN"
    remedy = "Set DATABASE_URL for this command as for `evertill up`."


# Control characters but for the tab and the end of a line, and those that turn the direction of writing.
_NOT_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def data_folder(asked: Path | None) -> Path:
    """This function will return the data folder to use, absolute, which need not exist yet.

    It is what was asked for, else $EVERTILL_DATA, else root's /var/lib/evertill, else the user's data home.
    """
    if asked is not None:
        return asked.expanduser().resolve()
    if named := os.environ.get("EVERTILL_DATA"):
        return Path(named).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/evertill")
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return (Path(base).expanduser() / "evertill").resolve()


def given_database() -> str:
    """This function will return the address of the operator's own PostgreSQL, or "" when the embedded one serves."""
    return os.environ.get("EVERTILL_DATABASE_URL") or os.environ.get("DATABASE_URL", "")


def make_data_folder(folder: Path) -> None:
    """This function will make `folder` when missing; an existing one keeps its permissions.

    Everybody may pass root's, because PostgreSQL works in it under an account of its own; root alone may list it.

    Raises DataFolderUnusable when it cannot be made or written.
    """
    try:
        make_folder(folder, mode=0o711 if os.geteuid() == 0 else 0o700)
    except OSError as cause:
        raise DataFolderUnusable(f"The data folder {folder} cannot be made: {cause.strerror}.") from cause
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise DataFolderUnusable(f"The data folder {folder} belongs to somebody else; this user may not write in it.")


def use_data_folder(folder: Path, *, settings: str = SETTINGS) -> None:
    """This function will set the environment that the settings read: what the operator has set stays.

    Raises NoCluster when DATABASE_URL is not set and `folder` has no database, DataFolderUnusable when its secrets
    cannot be read.
    """
    os.environ["EVERTILL_DATA"] = str(folder)
    # Set even when present: a shell prepared for another Django project must not lead the shop astray.
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    try:
        if not given_database():
            os.environ["DATABASE_URL"] = embedded.shop_url(folder)
        if not os.environ.get("EVERTILL_SECRET"):
            os.environ["EVERTILL_SECRET"] = _secret(folder)
    except PermissionError as cause:
        raise DataFolderUnusable(f"The secrets in {folder} belong to another user.") from cause


def open_shop(data: Path | None) -> None:
    """This function will connect this process to a running shop: after it, Django and its database can be used.

    Raises NotRunning when no shop runs in the data folder, and DatabaseUnknown when it does on a database that was
    given by DATABASE_URL, unless this command was given one too.
    """
    folder = data_folder(data)
    if not given_database() and read_run(folder).get("database") == "external":
        raise DatabaseUnknown(f"The shop in {folder} was started with DATABASE_URL, and this command was not.")
    note = _noted(folder)
    if sandbox := note.get("sandbox_url"):
        # It runs beside the shop, and the shop was told where.
        os.environ.setdefault("EVERTILL_SANDBOX_URL", str(sandbox))
    if target := note.get("backup_target"):
        os.environ.setdefault("EVERTILL_BACKUP_TARGET", str(target))
    use_data_folder(folder)
    # Only here, because it takes longer than everything else a command does before its work.
    import django

    from evertill.kernel import log

    django.setup()
    # What is told on the way goes to standard error, so that what a command answers stands alone on standard output.
    log.set_up(process="command")
    # Where a chain of the audit trail stands, or how a drill ended, is of use in a log that is kept, not here.
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def noted_target(folder: Path) -> str:
    """This function will return where backups go: as the environment says, else as the shop that runs was told."""
    return os.environ.get("EVERTILL_BACKUP_TARGET") or str(_noted(folder).get("backup_target", ""))


def _noted(folder: Path) -> Mapping[str, object]:
    try:
        return read_run(folder)
    except NotRunning:
        # A database that was given can be worked on without a shop.
        return {}


def shop_url(data: Path | None) -> str:
    """This function will return where the shop of a data folder answers over HTTP; raises NotRunning."""
    return str(read_run(data_folder(data))["url"])


def read_file(file: Path, *, bytes_max: int) -> bytes:
    """This function will read a file, - being what comes in, up to one byte beyond a limit; raises FileUnreadable."""
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(bytes_max + 1)
        with file.open("rb") as opened:
            return opened.read(bytes_max + 1)
    except OSError as cause:
        raise FileUnreadable(f"{file} cannot be read: {cause.strerror}.") from cause


def plain(text: object) -> str:
    """This function will return what others typed so that a terminal shows it and does nothing else.

    A customer's or a colleague's words may hold what moves the cursor, hides lines or writes from right to left.
    """
    return _NOT_SHOWN.sub("\N{REPLACEMENT CHARACTER}", str(text))


def read_number(number: str) -> int:
    """This function will return the id behind a number that people read; raises BadParameter."""
    from evertill.kernel import ids

    try:
        return ids.from_number(number)
    except ids.InvalidNumber as error:
        raise typer.BadParameter(str(error), param_hint="NUMBER") from None


def operator(*, by: str = "") -> Actor:
    """This function will return who types at the shop's machine, as the audit trail knows him: by his account there.

    `by` is who says so, where several share the account.
    """
    from evertill.domains.trail import Actor, ActorKind

    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        # A container may give us a number without a name.
        name = str(os.geteuid())
    if (behind := os.environ.get("SUDO_USER")) and behind != name:
        name = f"{behind} as {name}"
    if by.strip():
        name = f"{by.strip()} at {name}"
    # Who comes by SSH comes from somewhere; the first word is the address of his machine.
    return Actor(kind=ActorKind.OPERATOR, id=name, place=os.environ.get("SSH_CONNECTION", "").split(" ")[0] or "here")


def asker(*, by: str = "") -> Asker:
    """This function will return who types at the shop's machine, as journeys ask what he may."""
    from evertill.journeys.permitted import Asker

    return Asker(actor=operator(by=by))


def _secret(folder: Path) -> str:
    """The key that signs what the shop hands out; made once, never changed by us."""
    path = folder / _SECRET
    with lock(folder / "secret.lock"):
        if not path.exists():
            write_whole(path=path, text=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() + "\n")
        return path.read_text(encoding="utf-8").strip()
