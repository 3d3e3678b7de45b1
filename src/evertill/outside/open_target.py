"""Finds the kind of target that an address names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from evertill.domains.recovery import Target
from evertill.kernel.config import variable
from evertill.kernel.errors import ConfigError
from evertill.outside.folder_target import FolderTarget


def open_target(address: str, *, folder: Path, timeout_s: float) -> Target:
    """This function will return the target at an address; it calls nobody yet.

    `folder` is where files of keys are looked for. Raises ConfigError.
    """
    parts = urlsplit(address)
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        return FolderTarget(Path(unquote(parts.path)))
    if not parts.scheme and address.startswith("/"):
        return FolderTarget(Path(address))
    raise ConfigError(
        f"{variable('backup_target')} takes file:///folder, s3://bucket/prefix or sftp://user@host/folder."
    )
