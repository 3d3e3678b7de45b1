"""What the name and the secret of a token look like."""

from __future__ import annotations

import re

NAME_CHARS_MAX = 80
SECRET_PREFIX = "evt"  # noqa: S105 — public, and what leak scanners look for.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*")
# The prefix, its underscore, and 32 random bytes in unpadded base64.
_SECRET = re.compile(SECRET_PREFIX + r"_[A-Za-z0-9_-]{43}")


def is_name(text: str) -> bool:
    """This function will say whether a text can name a token: letters, digits, space and . _ - , 80 at most."""
    return len(text) <= NAME_CHARS_MAX and _NAME.fullmatch(text) is not None


def is_secret(text: str) -> bool:
    """This function will say whether a text has the form of a token's secret."""
    return _SECRET.fullmatch(text) is not None
