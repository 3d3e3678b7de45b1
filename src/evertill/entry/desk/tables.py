"""Tables at the desk: a list saved for a spreadsheet, and taken back by way of a bulk that shows what would change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from evertill.entry.desk.frame import desk_page
from evertill.entry.pages.frame import keep_private
from evertill.entry.pages.leading import see_other
from evertill.entry.pages.uploads import FileTooLarge, sent_file
from evertill.journeys.bulk_item import BulkOperation
from evertill.journeys.enter_desk import Entered
from evertill.journeys.export_table import Exported, Form, Table, TooManyRows, export_table
from evertill.journeys.make_bulk import TooManyBulks, TooManyItems, make_bulk
from evertill.journeys.permitted import Asker
from evertill.journeys.table_rows import NothingToDo, Sent, Wrong
from evertill.kernel import clock, config, ids
from evertill.kernel.csvfile import FileUnusable
from evertill.kernel.errors import EvertillError

_WRONG_SHOWN = 100
_MEGABYTE = 1 << 20


def bytes_max() -> int:
    """This function will return how many bytes a form with a table may bring."""
    return config.get().table_bytes_max


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePage:
    """A room's page for its table: its template, its operation, how a table is read, and what its template needs."""

    template: str
    operation: BulkOperation
    read: Callable[[Asker, IO[bytes]], Sent]
    context: Mapping[str, Any]


def form_of(request: HttpRequest) -> Form:
    """This function will return in which kind of file somebody wants a table."""
    return "xlsx" if request.GET.get("form") == "xlsx" else "csv"


def save_table(request: HttpRequest, entered: Entered, table: Table, *, page: TablePage) -> HttpResponse:
    """This function will give out a table as a file, in the kind that is asked for."""
    filters = {name: request.GET[name][:200] for name in ("q", "status") if request.GET.get(name)}
    try:
        made = export_table(
            asker=entered.asker, table=table, filters=filters, form=form_of(request), why="", now=clock.now()
        )
    except TooManyRows as error:
        return _page(request, entered, page, error=error)
    return file_answer(made)


def file_answer(made: Exported) -> HttpResponse:
    """This function will answer with a file that a browser keeps."""
    answer = HttpResponse(made.content, content_type=made.media)
    answer["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return keep_private(answer)


def take_table(request: HttpRequest, entered: Entered, *, page: TablePage) -> HttpResponse:
    """This function will take a table, sent as a file or pasted, and lead to the bulk that shows what would change.

    With one row that is wrong nothing is made: all of them are told.
    """
    if request.method != "POST":
        return _page(request, entered, page)
    text = request.POST.get("table", "")
    try:
        file = sent_file(request, "file", bytes_max=bytes_max()) or BytesIO(text.encode())
        sent = page.read(entered.asker, file)
        if sent.wrong:
            return _page(request, entered, page, sent=sent, text=text)
        if not sent.targets:
            raise NothingToDo("The table says what the shop has already.")
        bulk = make_bulk(
            asker=entered.asker,
            operation=page.operation.name,
            targets=sent.targets,
            options={"table": sent.counts},
            why=request.POST.get("why", "")[:500].strip(),
            now=clock.now(),
        )
    except (FileTooLarge, FileUnusable, NothingToDo, TooManyItems, TooManyBulks) as error:
        return _page(request, entered, page, text=text, error=error)
    return see_other("desk:bulk:show", ids.to_number(bulk.id))


def _page(
    request: HttpRequest,
    entered: Entered,
    page: TablePage,
    *,
    sent: Sent | None = None,
    text: str = "",
    error: EvertillError | None = None,
) -> HttpResponse:
    known = config.get()
    context = {
        "sent": sent,
        "wrong": [(one.line, _reason(one)) for one in sent.wrong[:_WRONG_SHOWN]] if sent else [],
        "wrong_more": max(len(sent.wrong) - _WRONG_SHOWN, 0) if sent else 0,
        "text": text,
        "why": request.POST.get("why", ""),
        "rows_max": known.table_rows_max,
        "megabytes_max": known.table_bytes_max // _MEGABYTE,
        **page.context,
    }
    return desk_page(request, entered, page.template, context, error=error, status=422 if sent else 200)


def _reason(wrong: Wrong) -> str:
    # What it says is one of table_words.REASONS.
    return gettext(wrong.says) % wrong.facts
