"""Many prices at once: by a percentage, or by a table from a spreadsheet; a bulk shows them before it changes them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.prices.views import currencies, currency_of
from evertill.entry.desk.tables import TablePage, bytes_max, save_table, take_table
from evertill.entry.pages.leading import see_other
from evertill.entry.pages.uploads import takes_long_file
from evertill.journeys import change_prices as pricing
from evertill.journeys import reprice_many as many
from evertill.journeys.bulk_item import Target
from evertill.journeys.enter_desk import Entered
from evertill.journeys.make_bulk import make_bulk
from evertill.kernel import clock, config, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import InvalidMoney

_PERCENT_MAX = 1000
# How the bulk is called.
SAYS = _("Change prices")


@desk_view(Permission.PRICES_EDIT, methods=("GET", "POST"))
def raise_all(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will change a whole price list by a percentage, by way of a bulk."""
    if request.method != "POST":
        return _page(request, entered)
    currency = currency_of(request)
    try:
        targets = many.targets_by_percent(
            asker=entered.asker,
            currency=currency,
            search=request.POST.get("q", "")[:64],
            percent=_percent(request.POST.get("percent", "")),
            step=max(pricing.read_price(request.POST.get("step", ""), currency=currency) or 1, 1),
            now=clock.now(),
        )
        return _begin(request, entered, targets)
    except (InvalidMoney, pricing.PriceUnchanged, many.TooManyAtOnce) as error:
        return _page(request, entered, error=error)


@desk_view(Permission.PRICES_EDIT)
def save(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will give out a price list as a table for spreadsheets."""
    return save_table(request, entered, many.price_table(currency_of(request)), page=_table_page(request))


@desk_view(Permission.PRICES_EDIT, methods=("GET", "POST"))
@takes_long_file(bytes_max=bytes_max)
def take(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will take a table of prices, by way of a bulk."""
    return take_table(request, entered, page=_table_page(request))


def _table_page(request: HttpRequest) -> TablePage:
    return TablePage(
        template="prices/table.html",
        operation=many.REPRICE_MANY,
        read=lambda asker, file: many.read_prices(asker=asker, file=file, now=clock.now()),
        context={
            "currency": currency_of(request),
            "currencies": currencies(),
            "q": (request.POST.get("q") or request.GET.get("q", ""))[:64],
        },
    )


def _begin(request: HttpRequest, entered: Entered, targets: Sequence[Target]) -> HttpResponse:
    if not targets:
        raise pricing.PriceUnchanged("No price is to be another one.")
    bulk = make_bulk(
        asker=entered.asker,
        operation=many.REPRICE_MANY.name,
        targets=targets,
        why=request.POST.get("why", "")[:500].strip(),
        now=clock.now(),
    )
    return see_other("desk:bulk:show", ids.to_number(bulk.id))


def _percent(text: str) -> Decimal:
    try:
        percent = Decimal(text.strip().rstrip("%").replace("\u2212", "-"))
    except InvalidOperation:
        raise InvalidMoney(f"'{text[:20]}' is not a percentage.") from None
    if not percent.is_finite() or not -100 < percent <= _PERCENT_MAX:  # noqa: PLR2004 — all of a price.
        raise InvalidMoney("The percentage is out of range.")
    return percent


def _page(request: HttpRequest, entered: Entered, *, error: EvertillError | None = None) -> HttpResponse:
    said = request.POST or request.GET
    context = {name: said.get(name, "") for name in ("q", "percent", "step", "why")}
    return desk_page(
        request,
        entered,
        "prices/raise.html",
        {
            **context,
            "currency": currency_of(request),
            "currencies": currencies(),
            "most": config.get().bulk_items_max,
        },
        error=error,
    )
