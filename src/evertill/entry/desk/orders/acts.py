"""What is done about orders: one at a time, many at once, and into a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.numbers import order_of
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.frame import keep_private
from evertill.entry.pages.leading import see_other
from evertill.journeys import handle_order
from evertill.journeys.ask_review import ask_review_as_staff
from evertill.journeys.bulk_item import Target
from evertill.journeys.enter_desk import Entered
from evertill.journeys.export_orders import ORDERS
from evertill.journeys.export_table import Form, ask_to_export, export_table
from evertill.journeys.make_bulk import make_bulk
from evertill.journeys.search_orders import FIELDS
from evertill.kernel import clock, ids


@desk_view(Permission.ORDERS_READ, methods=("POST",))
def note(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will keep a note with an order."""
    text = request.POST.get("text", "")[:4000]
    handle_order.note_order(asker=entered.asker, order_id=order_of(number), text=text, now=clock.now())
    return see_other("desk:orders:show", number, done="noted")


@desk_view(Permission.ORDERS_FULFIL, methods=("POST",))
def hold(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will keep an order's goods here."""
    handle_order.hold_order(
        asker=entered.asker, order_id=order_of(number), why=text_of(request, "why"), now=clock.now()
    )
    return see_other("desk:orders:show", number, done="held")


@desk_view(Permission.ORDERS_FULFIL, methods=("POST",))
def release(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will let an order's goods go."""
    handle_order.release_order(
        asker=entered.asker, order_id=order_of(number), why=text_of(request, "why"), now=clock.now()
    )
    return see_other("desk:orders:show", number, done="released")


@desk_view(Permission.ORDERS_CANCEL, methods=("POST",))
def cancel(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will cancel an order that nobody has paid."""
    handle_order.cancel_as_staff(
        asker=entered.asker, order_id=order_of(number), why=text_of(request, "why"), now=clock.now()
    )
    return see_other("desk:orders:show", number, done="cancelled")


@desk_view(Permission.ORDERS_READ, methods=("POST",))
def review(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will have an order reviewed."""
    ask_review_as_staff(asker=entered.asker, order_id=order_of(number), why=text_of(request, "why"), now=clock.now())
    return see_other("desk:orders:show", number, done="review")


@desk_view(Permission.MESSAGES_RESEND, methods=("POST",))
def resend(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will have a message about an order sent again."""
    handle_order.resend_message(
        asker=entered.asker, order_id=order_of(number), key=text_of(request, "key"), now=clock.now()
    )
    return see_other("desk:orders:show", number, done="resent")


@desk_view(Permission.ORDERS_READ, methods=("POST",))
def many(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will prepare a change of the chosen orders, which its own page then shows."""
    chosen = dict.fromkeys(order_of(number) for number in request.POST.getlist("order"))
    bulk = make_bulk(
        asker=entered.asker,
        operation=text_of(request, "operation"),
        targets=[Target(subject=ids.to_number(order_id)) for order_id in chosen],
        why=text_of(request, "why"),
        now=clock.now(),
    )
    return see_other("desk:bulk:show", ids.to_number(bulk.id))


@desk_view(Permission.DATA_EXPORT, methods=("POST",))
def export(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will write what a search found into a file, once another person has approved it."""
    filters = {name: request.POST.get(name, "")[:200] for name in FIELDS if request.POST.get(name)}
    form: Form = "xlsx" if request.POST.get("form") == "xlsx" else "csv"
    why = text_of(request, "why")
    if asks(request):
        ask_to_export(asker=entered.asker, table=ORDERS, filters=filters, why=why, now=clock.now())
        return see_other("desk:orders:index", **filters, done="asked")
    made = export_table(asker=entered.asker, table=ORDERS, filters=filters, form=form, why=why, now=clock.now())
    answer = HttpResponse(made.content, content_type=made.media)
    answer["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return keep_private(answer)
