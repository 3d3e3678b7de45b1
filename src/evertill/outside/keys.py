"""Secrets that others gave to the shop: in files of their own, so that no list of processes or settings shows them."""

from __future__ import annotations

from evertill.kernel.config import Config
from evertill.kernel.errors import ConfigError
from evertill.kernel.settings import variable


def read_secrets(settings: Config, name: str, *, most: int) -> list[str]:
    """This function will read the lines of the file that a setting names, seen from the data folder.

    None where the setting is empty. Raises ConfigError, which never shows what the file says, when the file cannot be
    read, or has no lines, or more than `most`.
    """
    path = getattr(settings, name)
    if not path:
        return []
    try:
        text = (settings.data / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{variable(name)}: {path} cannot be read ({type(error).__name__}).") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= most:
        raise ConfigError(f"{variable(name)}: {path} has {len(lines)} lines; it takes 1 to {most}.")
    return lines
