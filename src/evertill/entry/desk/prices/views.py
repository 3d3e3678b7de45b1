"""Price lists: what everything costs in one currency, as a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.pages.leading import see_other
from evertill.journeys import change_prices as pricing
from evertill.journeys.change_prices import NewPrice, Priced
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock, config, money
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import InvalidMoney
from evertill.kernel.versions import ChangedMeanwhile

_ROWS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A SKU in the list: its price, and what was typed instead; `is_new` when somebody else changed it meanwhile."""

    priced: Priced
    shown: str
    typed: str
    is_new: bool
    is_wrong: bool


@desk_view(Permission.PRICES_EDIT, methods=("GET", "POST"))
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show a price list, and change the prices that were typed anew."""
    if request.method != "POST":
        return _page(request, entered)
    currency = currency_of(request)
    typed = {name.partition(":")[2]: request.POST[name].strip() for name in request.POST if name.startswith("price:")}
    wrong = ""
    try:
        prices = []
        for sku, text in list(typed.items())[:_ROWS]:
            wrong = sku
            was = request.POST.get(f"seen:{sku}", "")
            if text != was:
                prices.append(
                    NewPrice(
                        sku=sku,
                        before=pricing.read_price(was, currency=currency),
                        after=pricing.read_price(text, currency=currency),
                    )
                )
        wrong = ""
        return _change(request, entered, currency, prices)
    except ChangedMeanwhile as error:
        return _page(request, entered, typed=typed, news=error.facts["changes"], error=error)
    except (InvalidMoney, pricing.PriceUnchanged, pricing.TooManyPrices) as error:
        return _page(request, entered, typed=typed, error=error, wrong=wrong)


def currency_of(request: HttpRequest) -> str:
    """This function will return which price list is meant: the one that is asked for, else the shop's first."""
    asked = request.POST.get("currency") or request.GET.get("currency", "")
    return asked if money.is_currency(asked) else config.get().currencies[0]


def currencies() -> list[str]:
    """This function will return the price lists that there are: the shop's currencies, then others with prices."""
    return list(dict.fromkeys([*config.get().currencies, *pricing.list_currencies()]))


def _change(request: HttpRequest, entered: Entered, currency: str, prices: list[NewPrice]) -> HttpResponse:
    why = request.POST.get("why", "")[:500].strip()
    kept = {"currency": currency, "q": request.GET.get("q", "")[:64], "after": request.GET.get("after", "")[:64]}
    if reason := asks(request):
        pricing.ask_to_change_prices(asker=entered.asker, currency=currency, prices=prices, why=reason, now=clock.now())
        return see_other("desk:prices:index", done="asked", **kept)
    pricing.change_prices(asker=entered.asker, currency=currency, prices=prices, why=why, now=clock.now())
    return see_other("desk:prices:index", done="saved", **kept)


def _page(
    request: HttpRequest,
    entered: Entered,
    *,
    typed: Mapping[str, str] | None = None,
    news: Mapping[str, object] | None = None,
    error: EvertillError | None = None,
    wrong: str = "",
) -> HttpResponse:
    currency = currency_of(request)
    search, after = request.GET.get("q", "")[:64], request.GET.get("after", "")[:64]
    rows = pricing.list_prices(
        asker=entered.asker, currency=currency, search=search, after=after, limit=_ROWS + 1, now=clock.now()
    )

    def row(priced: Priced) -> Row:
        shown = pricing.write_price(priced.amount, currency=currency)
        return Row(
            priced=priced,
            shown=shown,
            typed=(typed or {}).get(priced.sku, shown),
            is_new=priced.sku in (news or {}),
            is_wrong=priced.sku == wrong,
        )

    context = {
        "rows": [row(priced) for priced in rows[:_ROWS]],
        "currency": currency,
        "currencies": currencies(),
        "q": search,
        "next": rows[_ROWS - 1].sku if len(rows) > _ROWS else "",
        "is_later": bool(after),
        "why": request.POST.get("why", ""),
    }
    return desk_page(request, entered, "prices/index.html", context, error=error)
