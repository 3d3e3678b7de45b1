"""What was changed in price lists, and the way back."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.prices.views import currencies
from evertill.entry.desk.who import known_as
from evertill.entry.pages.leading import see_other
from evertill.journeys import change_prices as pricing
from evertill.journeys import plan_prices as planning
from evertill.journeys.change_prices import NewPrice
from evertill.journeys.enter_desk import Entered
from evertill.journeys.read_preference import time_zone
from evertill.kernel import clock, days, money
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import InvalidMoney
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


@desk_view(Permission.PRICES_EDIT, methods=("POST",))
def plan(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will plan a price that begins at a moment, or ask another person to approve it."""
    said = request.POST
    sku, currency = said.get("sku", "")[:64], said.get("currency", "")
    try:
        amount = pricing.read_price(said.get("price", ""), currency=currency)
        if amount is None:
            raise InvalidMoney("A planned price is not empty.")
        price = NewPrice(sku=sku, before=pricing.read_price(said.get("seen", ""), currency=currency), after=amount)
        if reason := asks(request):
            pricing.ask_to_change_prices(
                asker=entered.asker, currency=currency, prices=[price], why=reason, now=clock.now()
            )
            return see_other("desk:prices:history", done="asked", sku=sku, currency=currency)
        planning.plan_price(
            asker=entered.asker,
            sku=sku,
            currency=currency,
            amount=amount,
            begins_at=_moment(said.get("begins_at", "")),
            why="",
            now=clock.now(),
        )
    except (InvalidMoney, planning.MomentInvalid, pricing.PlannedAlready) as error:
        return _page(request, entered, error=error)
    return see_other("desk:prices:history", done="planned", sku=sku, currency=currency)


@desk_view(Permission.PRICES_EDIT, methods=("POST",))
def cancel(request: HttpRequest, entered: Entered, plan_id: int) -> HttpResponse:
    """This function will cancel a planned price that has not begun."""
    try:
        cancelled = planning.cancel_plan(asker=entered.asker, plan_id=plan_id, now=clock.now())
    except pricing.PlanNotOpen as error:
        return _page(request, entered, error=error)
    return see_other("desk:prices:history", done="unplanned", sku=cancelled.sku, currency=cancelled.currency)


def _moment(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text.strip()[:25]).replace(tzinfo=days.zone_of(time_zone()))
    except ValueError:
        raise planning.MomentInvalid("This is no moment.") from None


def _page(request: HttpRequest, entered: Entered, *, error: EvertillError | None = None) -> HttpResponse:
    said = request.POST or request.GET
    sku = said.get("sku", "")[:64]
    asked = said.get("currency", "")
    currency = asked if money.is_currency(asked) else ""
    changes = pricing.list_changes(asker=entered.asker, sku=sku, currency=currency, limit=_ROWS, now=clock.now())
    who = known_as({name for change in changes for name in (change.changed_by, change.approved_by)})
    context = {
        "changes": [{"change": one, "by": who[one.changed_by], "approved_by": who[one.approved_by]} for one in changes],
        "plans": planning.list_plans(asker=entered.asker, sku=sku, currency=currency, now=clock.now()),
        "price_now": _price_now(entered, sku, currency),
        "sku": sku,
        "currency": currency,
        "currencies": currencies(),
        "zone": time_zone(),
    }
    return desk_page(request, entered, "prices/history.html", context, error=error)


def _price_now(entered: Entered, sku: str, currency: str) -> str:
    """Return what one SKU costs, as the form that plans another price carries it; "" for none and for several."""
    if not sku or not currency:
        return ""
    found = pricing.list_prices(asker=entered.asker, currency=currency, search=sku, limit=1, now=clock.now())
    return pricing.write_price(found[0].amount, currency=currency) if found and found[0].sku == sku else ""
