"""Static files, served from the packages they came in: under names that say what is in them, kept for a year.

`{% static "pages/pages.css" %}` gives `/static/pages/pages.<hash>.css`. What is at such an address never changes, so
browsers and proxies keep it and do not ask again; a new release has new names. While two releases run side by side,
either is asked for names of the other: it then gives its own file, for a moment only. Files are read and compressed
when they are first asked for, and stay in memory; pages' threads have nothing to do with them.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import StaticFilesStorage

from evertill.entry.pages.middleware import file_headers
from evertill.entry.site.kept import Kept, give, keep

_NAMED = re.compile(r"(.+)\.([0-9a-f]{16})(\.[A-Za-z0-9]+)")
_YEAR = "public, max-age=31536000, immutable"
_MOMENT = "public, max-age=60"
_LEVEL = 9


class _Asked(NamedTuple):
    name: str
    # Asked for by the hash that it has.
    is_exact: bool


class NamedStorage(StaticFilesStorage):
    """Gives each file an address with the hash of what is in it."""

    def url(self, name: str | None) -> str:
        """This function will return the address of a file; one that does not exist keeps its own name."""
        path = files().get(name or "")
        if path is None or name is None:
            return str(super().url(name))
        stem, dot, ending = name.rpartition(".")
        return f"{settings.STATIC_URL}{stem}.{_digest(path)}{dot}{ending}"


class StaticFiles:
    """Serves them, as an ASGI application."""

    def __init__(self) -> None:
        self._known: dict[_Asked, Kept] = {}

    def find(self, scope: Any) -> Any:
        """This function will return the application that answers a request, or None where there is no such file."""
        return self if scope["method"] in ("GET", "HEAD") and _asked(scope["path"]) is not None else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002
        asked = _asked(scope["path"])
        assert asked is not None  # noqa: S101 — it was found.
        if asked not in self._known:
            self._known[asked] = await asyncio.to_thread(_read, asked)
        await give(self._known[asked], scope=scope, send=send)


@cache
def files() -> dict[str, Path]:
    """This function will return the static files of all installed packages by their names."""
    found: dict[str, Path] = {}
    for finder in get_finders():
        for name, storage in finder.list([]):
            # As Django's own finders do: the first that has a name wins.
            found.setdefault(name, Path(storage.path(name)))
    return found


def _asked(path: str) -> _Asked | None:
    if not path.startswith(settings.STATIC_URL):
        return None
    name = path[len(settings.STATIC_URL) :]
    if name in files():
        return _Asked(name=name, is_exact=False)
    named = _NAMED.fullmatch(name)
    own = f"{named[1]}{named[3]}" if named else ""
    return _Asked(name=own, is_exact=named[2] == _digest(files()[own])) if named and own in files() else None


def _read(asked: _Asked) -> Kept:
    path = files()[asked.name]
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {
        **file_headers(),
        "content-type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "cache-control": _YEAR if asked.is_exact else _MOMENT,
    }
    encoded = tuple((key.lower().encode(), value.encode()) for key, value in headers.items())
    return keep(headers=encoded, body=path.read_bytes(), level=_LEVEL)


@cache
def _digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
