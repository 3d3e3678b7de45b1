"""docs/reference/permissions.md: every permission, what it allows, and which roles have it."""

from __future__ import annotations

from evertill.domains.access import BUILT_IN, PERMISSIONS

_HEAD = """\
# Permissions and roles

Whatever is not among a person's roles is refused. What these words mean together, and how roles are given:
[roles](../guide/roles.md).

This page is written by `make docs`; the table stands in `src/evertill/domains/access/permissions.py`.

"""
_TABLE = """\
| permission | what it allows | alone | roles |
|---|---|---|---|
"""


def render() -> str:
    """This function will return the page as Markdown."""
    return _HEAD + _TABLE + "".join(f"{row}\n" for row in _rows())


def _rows() -> list[str]:
    rows = []
    for permission, declared in PERMISSIONS.items():
        roles = ", ".join(name for name, has in BUILT_IN.items() if permission in has)
        alone = "looks only" if declared.is_read else "yes"
        if declared.approved_by:
            alone = f"approved by `{declared.approved_by}`"
        rows.append(f"| `{permission}` | {declared.says} | {alone} | {roles} |")
    return rows
