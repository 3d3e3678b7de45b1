"""One setting: how its value is read from the environment, checked, and shown. Which there are stands in `config`."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import MISSING, Field, dataclass
from pathlib import Path
from typing import Any

from evertill.kernel.errors import ConfigError

_SECRET_BYTES_MIN = 32
_CREDENTIALS = re.compile(r"//[^/@]*@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A setting as it may be shown: `value` is None where it is secret."""

    variable: str
    help: str
    value: str | None
    is_default: bool


def read(item: Field[Any], text: str) -> Any:  # noqa: ANN401 — as many types as there are settings.
    """This function will read a setting from a text, within its range; raises ConfigError."""
    name = variable(item.name)
    if item.name == "secret":
        return read_secret(name, text)
    if isinstance(item.default, int):
        return _read_int(item, name, text)
    if isinstance(item.default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(item.default, Path):
        return Path(text)
    return text


def _read_int(item: Field[Any], name: str, text: str) -> int:
    low, high = item.metadata["low"], item.metadata["high"]
    try:
        value = int(text)
    except ValueError:
        raise ConfigError(f"{name} takes a whole number from {low} to {high}, not '{text[:40]}'.") from None
    if not low <= value <= high:
        raise ConfigError(f"{name} takes a whole number from {low} to {high}, not {value}.")
    return value


def read_secret(name: str, text: str) -> bytes:
    """This function will read a shop's secret from base64; raises ConfigError that calls it by `name`."""
    # The text itself never goes into the message: messages end up in logs.
    try:
        secret = base64.urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
    except (binascii.Error, ValueError):
        raise ConfigError(f"{name} is not base64.") from None
    if len(secret) < _SECRET_BYTES_MIN:
        raise ConfigError(f"{name} has {len(secret)} bytes; it takes at least {_SECRET_BYTES_MIN} random ones.")
    return secret


def show(item: Field[Any], value: Any) -> Told:  # noqa: ANN401 — as many types as there are settings.
    """This function will show a setting to those who look after the shop; a secret to nobody, not even to them."""
    if item.metadata["is_secret"]:
        text = None
    elif isinstance(value, tuple):
        text = ", ".join(value)
    else:
        # Whatever somebody wrote into an address before its @ is between him and the machine.
        text = _CREDENTIALS.sub("//…@", str(value))
    return Told(
        variable=variable(item.name),
        help=item.metadata["help"],
        value=text,
        is_default=item.default is not MISSING and value == item.default,
    )


def variable(name: str) -> str:
    """This function will return the environment variable of a setting."""
    return f"EVERTILL_{name.upper()}"
