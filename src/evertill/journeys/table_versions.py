"""Versions of the rows of a table: by which somebody who brings it back is told what others have changed meanwhile.

A version holds three bytes of a digest for each cell. So of each cell it can be said whether he has touched it, and
whether the shop has moved since: a cell that nobody touched never takes back what somebody else did.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence

from evertill.kernel.sheets import as_kept

# Begins with a letter, so that no spreadsheet takes it for a number or a formula.
_MARK = "v"
_BYTES = 3


def plain(text: str) -> str:
    """This function will return what a text and the same text back from a spreadsheet have in common.

    They may differ in how lines end, in the space around them, in tabs, which LibreOffice drops, and in what an Excel
    cell does not keep.
    """
    return as_kept(text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", "").strip()


def has_lost_letters(cell: str, now: str) -> bool:
    """This function will say whether a cell is what a thing says now, but for letters that became question marks.

    Excel writes so what the letters of its system do not have: on a Chinese system a CSV file has no emoji and no ®.
    """
    if cell.count("?") <= now.count("?"):
        return False
    return _could_become(plain(now), plain(cell))


def _could_become(text: str, written: str) -> bool:
    """Say whether a text may have been written so by a program that has one or two question marks for some letters.

    Bits of a number stand for all places in `written` up to which the text until a letter may reach: tried one after
    the other, their number would double with each letter.
    """
    places: dict[str, int] = {}
    for place, sign in enumerate(written):
        places[sign] = places.get(sign, 0) | 1 << place
    lost = places.get("?", 0)
    reached = 1
    for sign in text:
        once = (reached & places.get(sign, 0)) << 1
        if not sign.isascii():
            first = (reached & lost) << 1
            once |= first | (first & lost) << 1
        reached = once
        if not reached:
            return False
    return bool(reached >> len(written) & 1)


def write_version(cells: Mapping[str, str]) -> str:
    """This function will write the version of a row, given its cells by column."""
    parts = [_digest("\n".join(cells)), *(_digest(plain(cell)) for cell in cells.values())]
    return _MARK + base64.urlsafe_b64encode(b"".join(parts)).decode()


def read_version(text: str, *, columns: Sequence[str]) -> dict[str, bytes] | None:
    """This function will read a version of a row that had these columns; None when it is none."""
    try:
        parts = base64.b64decode(text.removeprefix(_MARK), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(parts) != _BYTES * (len(columns) + 1) or parts[:_BYTES] != _digest("\n".join(columns)):
        return None
    cut = [parts[start : start + _BYTES] for start in range(_BYTES, len(parts), _BYTES)]
    return dict(zip(columns, cut, strict=True))


def is_as_saved(cell: str, saved: bytes) -> bool:
    """This function will say whether a cell holds what it held when the version was written."""
    return _digest(plain(cell)) == saved


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", errors="replace"), digest_size=_BYTES).digest()
