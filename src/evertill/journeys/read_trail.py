"""Read the trail: search it, or take out what fits a search. Taking out is recorded itself.

Searching is not: records hold numbers and digests, and nothing that is personal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Literal

import msgspec

from evertill.domains import access, trail
from evertill.domains.access import Permission
from evertill.domains.trail import Record, Search, Subject
from evertill.journeys.anchor_trail import read_anchor
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.verify_trail import Looked, read_verified
from evertill.kernel import clock, config, db, sheets
from evertill.kernel.errors import EvertillError

__all__ = [
    "ExportTooLarge",
    "Form",
    "Looked",
    "Record",
    "Search",
    "Standing",
    "export_file",
    "export_trail",
    "find_record",
    "list_colleagues",
    "look_at_trail",
    "read_trail",
]

_RECORDS = Subject(kind="trail", id="records")
# Held in memory; what is more goes to a file that nobody else can open and that goes by itself.
_MEMORY_BYTES = 1 << 20

Form = Literal["csv", "xlsx", "json"]


class ExportTooLarge(EvertillError):
    """More fits the search than one file holds."""

    code = "EXPORT_TOO_LARGE"
    status = "too_large"
    kept = "Nothing was taken out."
    remedy = "Choose a shorter time span, or take them out at the machine: evertill audit-trail export."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the trail stands: how long it is, when it was looked through last, and noted outside the database."""

    records: int
    chains: int
    newest_at: dt.datetime | None
    anchored_at: dt.datetime | None
    verified: Looked | None
    is_bendable: bool


def read_trail(*, asker: Asker, search: Search, limit: int, now: dt.datetime) -> list[Record]:
    """This function will return up to `limit` records that fit a search, newest first; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.TRAIL_READ, subject=_RECORDS, now=now):
        return trail.read_records(search=search, limit=limit)


def export_trail(*, asker: Asker, search: Search, why: str, now: dt.datetime) -> Iterator[Record]:
    """This function will record that the trail is taken out, by whom and why, and then give what fits, oldest first.

    Raises Forbidden.
    """
    asked = {name: value for name, value in msgspec.structs.asdict(search).items() if value not in (None, "")}
    permission = Permission.TRAIL_EXPORT
    with permitted(asker=asker, permission=permission, subject=_RECORDS, now=now):
        trail.write(
            actor=asker.actor,
            operation=permission.value,
            subject=_RECORDS,
            after={"search": asked},
            why=why,
            now=now,
        )
    return _stream(search)


def export_file(*, asker: Asker, search: Search, form: Form, why: str, now: dt.datetime) -> IO[bytes]:
    """This function will do as `export_trail`, and return a file, at its beginning, with a record a line or a row.

    The caller closes it. Raises Forbidden, and ExportTooLarge beyond `trail_export_max` records; then nothing left.
    """
    most = config.get().trail_export_max
    with permitted(asker=asker, permission=Permission.TRAIL_EXPORT, subject=_RECORDS, now=now):
        if trail.count_found(search=search, most=most + 1) > most:
            raise ExportTooLarge(f"More than {most} records fit.")
    file: IO[bytes] = SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 — the caller closes it.
    try:
        _write(file, export_trail(asker=asker, search=search, why=why, now=now), form=form)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def find_record(*, asker: Asker, record_id: int, now: dt.datetime) -> Record | None:
    """This function will return one record, None when there is none; raises Forbidden."""
    found = read_trail(asker=asker, search=Search(id=record_id), limit=1, now=now)
    return found[0] if found else None


def list_colleagues(*, asker: Asker, now: dt.datetime) -> list[int]:
    """This function will return the accounts of staff, whose records can be asked for; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.TRAIL_READ, subject=_RECORDS, now=now):
        return [one.account_id for one in access.list_staff()]


def look_at_trail(*, asker: Asker, now: dt.datetime) -> Standing:
    """This function will return how the trail stands, by what is written down; it looks through nothing.

    Raises Forbidden, and AnchorUnreadable.
    """
    with permitted(asker=asker, permission=Permission.TRAIL_READ, subject=_RECORDS, now=now):
        heads = trail.read_heads()
        newest = trail.read_records(search=Search(), limit=1)
        is_bendable = trail.is_bendable()
    anchor = read_anchor()
    return Standing(
        records=sum(head.seq for head in heads),
        chains=len(heads),
        newest_at=newest[0].at if newest else None,
        anchored_at=anchor.at if anchor else None,
        verified=read_verified(),
        is_bendable=is_bendable,
    )


def _write(file: IO[bytes], records: Iterable[Record], *, form: Form) -> None:
    names = Record.__struct_fields__
    told = (msgspec.structs.asdict(one) | {"at": clock.as_text(one.at), "mac": one.mac.hex()} for one in records)
    if form == "json":
        file.writelines(msgspec.json.encode(plain) + b"\n" for plain in told)
        return
    rows = ([_cell(plain[name]) for name in names] for plain in told)
    if form == "csv":
        sheets.write_csv(file, names, rows)
    else:
        sheets.write_xlsx(file, "audit-trail", names, rows)


def _cell(value: object) -> sheets.Cell:
    return value if isinstance(value, int) else str(value)


def _stream(search: Search) -> Iterator[Record]:
    with db.snapshot():
        yield from trail.stream_records(search=search)
