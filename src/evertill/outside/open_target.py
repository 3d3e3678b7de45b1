"""Finds the kind of target that an address names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from evertill.domains.recovery import Target
from evertill.kernel.errors import ConfigError
from evertill.kernel.settings import variable
from evertill.outside.folder_target import FolderTarget


def open_target(address: str, *, folder: Path, timeout_s: float) -> Target:
    """This function will return the target at an address; it calls nobody yet.

    `folder` is where files of keys are looked for. Raises ConfigError.
    """
    parts = urlsplit(address)
    if parts.scheme == "s3":
        # Here, because each of the two libraries takes as much memory as a page's whole process has.
        from evertill.outside.s3_target import S3Target  # noqa: PLC0415

        return S3Target(parts, folder=folder, timeout_s=timeout_s)
    if parts.scheme == "sftp":
        from evertill.outside.sftp_target import SftpTarget  # noqa: PLC0415

        return SftpTarget(parts, folder=folder, timeout_s=timeout_s)
    path = unquote(parts.path) if parts.scheme == "file" and not parts.netloc else address
    if not path.startswith("/"):
        raise ConfigError(
            f"{variable('backup_target')} takes file:///folder, s3://bucket/prefix or sftp://user@host/folder."
        )
    return FolderTarget(Path(path))
