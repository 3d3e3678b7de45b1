"""docs/reference/desk.md: every address of the desk, with the permission that opens it."""

from __future__ import annotations

import os
import secrets
from importlib import import_module
from typing import Any

from evertill.entry.cli import common

_HEAD = """\
# The desk's addresses

Every page for staff, by its address without the place (`/en/…`), with the permission that opens it. Whoever does not
have it is refused, and that he tried is on record. What is done on a page asks once more, in the transaction in which
it is done. What each permission allows: [permissions](permissions.md).

This page is written by `make docs`; each view names its permission where it stands, below `src/evertill/entry/desk`.

| address | methods | audience | permission |
|---|---|---|---|
"""


def render() -> str:
    """This function will return the page's text."""
    _prepare()
    # Imported late: addresses need Django, which the other pages do without.
    urls: Any = import_module("evertill.entry.desk.urls")
    audience: Any = import_module("evertill.entry.pages.audience")
    rows = [
        f"| `/desk/{address}` | {', '.join(route.callback.methods)} | {audience.audience_of(route.callback).value}"
        f" | `{route.callback.permission.value}` |\n"
        for address, route in audience.routes(urls.urlpatterns)
    ]
    return _HEAD + "".join(rows)


def _prepare() -> None:
    """Set Django up as for a shop; nothing is read from its database, so there need be none."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", common.SETTINGS)
    os.environ.setdefault("DATABASE_URL", "postgresql:///nowhere")
    os.environ.setdefault("EVERTILL_SECRET", secrets.token_hex(32))
    django.setup()
