"""Products in a spreadsheet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _

from evertill.domains.access import Permission
from evertill.domains.catalog import Status
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.tables import TablePage, bytes_max, save_table, take_table
from evertill.entry.pages.uploads import takes_long_file
from evertill.journeys.edit_many_products import EDIT_MANY
from evertill.journeys.enter_desk import Entered
from evertill.journeys.tabulate_products import products_table
from evertill.journeys.take_products import read_products
from evertill.kernel import clock

# How the bulk is called.
SAYS = _("Change products")


@desk_view(Permission.CATALOG_EDIT)
def save(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will give out the products, or those that a search finds, as a table for spreadsheets."""
    return save_table(request, entered, products_table(), page=_page(request))


@desk_view(Permission.CATALOG_EDIT, methods=("GET", "POST"))
@takes_long_file(bytes_max=bytes_max)
def take(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will take a table of products, by way of a bulk."""
    return take_table(request, entered, page=_page(request))


def _page(request: HttpRequest) -> TablePage:
    status = request.GET.get("status", "")
    return TablePage(
        template="catalogue/table.html",
        operation=EDIT_MANY,
        read=lambda asker, file: read_products(asker=asker, file=file, now=clock.now()),
        context={"q": request.GET.get("q", "")[:200], "status": status if status in tuple(Status) else ""},
    )
