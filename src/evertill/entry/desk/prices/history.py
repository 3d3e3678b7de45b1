"""What was changed in price lists, and the way back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page, see_other
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.prices.views import currencies
from evertill.entry.desk.who import known_as
from evertill.journeys import change_prices as pricing
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock, money
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import ChangedMeanwhile

_ROWS = 100


@desk_view(Permission.PRICES_EDIT)
def show(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will tell which prices were changed, the newest first: of all, of one list, or of one SKU."""
    return _page(request, entered)


@desk_view(Permission.PRICES_EDIT, methods=("POST",))
def undo(request: HttpRequest, entered: Entered, change_id: int) -> HttpResponse:
    """This function will bring back the price that a change took away, or ask another person to approve that."""
    try:
        if reason := asks(request):
            pricing.ask_to_undo_price(asker=entered.asker, change_id=change_id, why=reason, now=clock.now())
            return see_other("desk:prices:history", done="asked_undo")
        change = pricing.undo_price(asker=entered.asker, change_id=change_id, why="", now=clock.now())
    except (ChangedMeanwhile, pricing.UndoneAlready) as error:
        return _page(request, entered, error=error)
    return see_other("desk:prices:history", done="undone", sku=change.sku, currency=change.currency)


def _page(request: HttpRequest, entered: Entered, *, error: EvertillError | None = None) -> HttpResponse:
    sku = request.GET.get("sku", "")[:64]
    asked = request.GET.get("currency", "")
    currency = asked if money.is_currency(asked) else ""
    changes = pricing.list_changes(asker=entered.asker, sku=sku, currency=currency, limit=_ROWS, now=clock.now())
    who = known_as({name for change in changes for name in (change.changed_by, change.approved_by)})
    context = {
        "changes": [{"change": one, "by": who[one.changed_by], "approved_by": who[one.approved_by]} for one in changes],
        "sku": sku,
        "currency": currency,
        "currencies": currencies(),
    }
    return desk_page(request, entered, "prices/history.html", context, error=error)
