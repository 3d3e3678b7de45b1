"""Stock in a spreadsheet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _

from evertill.domains.access import Permission
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.tables import TablePage, bytes_max, save_table, take_table
from evertill.entry.pages.uploads import takes_long_file
from evertill.journeys import tabulate_stock as tabulating
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock

# How the bulk is called.
SAYS = _("Change stock")


@desk_view(Permission.STOCK_EDIT)
def save(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will give out what lies on the shelf as a table for spreadsheets."""
    return save_table(request, entered, tabulating.STOCK, page=_page(request))


@desk_view(Permission.STOCK_EDIT, methods=("GET", "POST"))
@takes_long_file(bytes_max=bytes_max)
def take(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will take a table of stock, by way of a bulk."""
    return take_table(request, entered, page=_page(request))


def _page(request: HttpRequest) -> TablePage:
    return TablePage(
        template="stock/table.html",
        operation=tabulating.STOCK_MANY,
        read=lambda asker, file: tabulating.read_stock(asker=asker, file=file, now=clock.now()),
        context={"q": request.GET.get("q", "")[:64]},
    )
