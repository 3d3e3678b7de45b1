"""What the commands about copies share: which target, which key. They work on a bare machine too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evertill.kernel.errors import ConfigError

from .common import data_folder, noted_target

if TYPE_CHECKING:
    from evertill.domains.recovery import Key, Target

_TIMEOUT_S = 20.0

FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="The target: file:///folder, s3://bucket/prefix or sftp://user@host/folder.",
        show_default="$EVERTILL_BACKUP_TARGET",
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key", help="File of the backups' key; - reads it from the terminal.", show_default="the data folder's"
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """A target, and the key to what lies there."""

    opener: Callable[[], Target]
    key: Key

    @contextmanager
    def open(self) -> Iterator[Target]:
        """This function will open the target for as long as the block runs."""
        with closing(self.opener()) as target:
            yield target


def find_copies(source: str | None, *, key: Path | None, data: Path | None) -> Copies:
    """This function will find target and key: as asked, else as the environment and the data folder have them.

    Raises ConfigError and KeyUnreadable.
    """
    from evertill.domains import recovery
    from evertill.outside.open_target import open_target

    folder = data_folder(data)
    address = source or noted_target(folder)
    if not address:
        raise ConfigError("Nobody said where the copies are. Name it with --from, or set EVERTILL_BACKUP_TARGET.")
    if key is not None and str(key) == "-":
        found = recovery.Key(typer.prompt("Key of the backups", hide_input=True))
    else:
        found = recovery.sealing.read_key(key or recovery.place.Place(folder).key)
    timeout_s = int(os.environ.get("EVERTILL_BACKUP_TIMEOUT_MS") or _TIMEOUT_S * 1000) / 1000
    return Copies(opener=lambda: open_target(address, folder=folder, timeout_s=timeout_s), key=found)
