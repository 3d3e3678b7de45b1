"""Many prices at once: by a percentage, or by a table from a spreadsheet; a bulk shows them before it changes them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page, see_other
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.prices.views import currencies, currency_of
from evertill.entry.shop.uploads import FileTooLarge, read_file, takes_file
from evertill.journeys import change_prices as pricing
from evertill.journeys import reprice_many as many
from evertill.journeys.bulk_item import Target
from evertill.journeys.enter_desk import Entered
from evertill.journeys.make_bulk import make_bulk
from evertill.kernel import clock, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import InvalidMoney

_PERCENT_MAX = 1000
_FILE_BYTES_MAX = 1 << 20
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
    except (InvalidMoney, pricing.PriceUnchanged, many.TableUnusable) as error:
        return _page(request, entered, error=error)


@desk_view(Permission.PRICES_EDIT)
def save(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will give out a price list as a table for spreadsheets."""
    currency = currency_of(request)
    content = many.write_table(
        asker=entered.asker, currency=currency, search=request.GET.get("q", "")[:64], now=clock.now()
    )
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="prices-{currency}.csv"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@takes_file(bytes_max=lambda: _FILE_BYTES_MAX)
@desk_view(Permission.PRICES_EDIT, methods=("GET", "POST"))
def take(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will take a table of prices, sent as a CSV file or pasted, by way of a bulk."""
    if request.method != "POST":
        return _table_page(request, entered)
    text = request.POST.get("table", "")
    try:
        text = _file_of(request) or text
        targets, bad = many.read_table(asker=entered.asker, text=text, now=clock.now())
        if bad:
            return _table_page(request, entered, text=text, bad=bad, status=422)
        return _begin(request, entered, targets)
    except (FileTooLarge, many.TableUnusable, pricing.PriceUnchanged) as error:
        return _table_page(request, entered, text=text, error=error)


def _file_of(request: HttpRequest) -> str:
    try:
        return read_file(request, "file", bytes_max=_FILE_BYTES_MAX).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise many.TableUnusable("Its letters are not written as UTF-8.") from None


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
        {**context, "currency": currency_of(request), "currencies": currencies()},
        error=error,
    )


def _table_page(
    request: HttpRequest,
    entered: Entered,
    *,
    text: str = "",
    bad: Sequence[many.BadLine] = (),
    error: EvertillError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"text": text, "bad": bad[:100], "currency": currency_of(request), "currencies": currencies()}
    return desk_page(request, entered, "prices/table.html", context, error=error, status=status)
