"""The pages of customers."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.domains.identity import Factor
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.desk.words import ORDER_STATES, Told
from evertill.entry.pages.factors import factor_name
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.frame import keep_private
from evertill.entry.pages.leading import see_other
from evertill.journeys import recover_account
from evertill.journeys.decide_approvals import ApprovalNotOpen, look_at
from evertill.journeys.delete_customer import ask_to_delete_customer, delete_customer
from evertill.journeys.end_sessions import end_sessions_of_customer
from evertill.journeys.enter_desk import Entered
from evertill.journeys.export_customer_data import ask_to_export_customer_data, export_customer_data
from evertill.journeys.find_customers import find_customers
from evertill.journeys.find_mentions import MENTIONS_MAX, Where, find_mentions
from evertill.journeys.send_messages import retry_message
from evertill.journeys.show_customer import CustomerGone, show_customer
from evertill.kernel import clock, ids

_FOUND_MAX = 50
_MESSAGE_STATES: Mapping[str, Told] = {
    "WAITING": (_("under way"), "wait"),
    "SENT": (_("sent"), "good"),
    "UNDELIVERABLE": (_("given up"), "bad"),
}
_WHERE: Mapping[Where, Promise | str] = {
    Where.TRAIL: _("A reason in the audit trail"),
    Where.REFUND: _("Why a refund was given"),
    Where.APPROVAL: _("A request for approval, or its answer"),
    Where.ELSEWHERE: _("A text about something else"),
}
# What the tables are called that texts about something else stand in.
_TABLES: Mapping[str, Promise | str] = {
    "access_api_token": _("An API token's name"),
    "access_role": _("What a role is for"),
    "access_role_grant": _("Why a role was given or taken"),
    "approvals_approval": _("A request for approval, or its answer"),
    "bulk_bulk": _("Why many things were changed"),
    "catalog_category_change": _("Why a category was changed"),
    "catalog_change": _("Why a product was changed"),
    "catalog_planned_price": _("Why a price is planned"),
    "catalog_price_change": _("Why a price was changed"),
    "claims_award": _("Why a compensation was given"),
    "claims_claim": _("The answer to a claim"),
    "claims_policy": _("Why the policy was declared"),
    "incidents_alert": _("An alert, or what was done about it"),
    "orders_note": _("A note on another order"),
    "payments_refund": _("Why a refund was given"),
    "preferences_value": _("A setting, or why it was changed"),
    "reconciliation_difference": _("Why a difference was ended"),
    "recovery_consent": _("Why a restore was consented to"),
    "reviews_review": _("A review of another order"),
    "stock_change": _("Why stock was changed"),
    "submissions_submission": _("A note on a failed checkout"),
}


@desk_view(Permission.CUSTOMERS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show the customers that fit what whoever calls said."""
    typed = request.GET.get("q", "").strip()
    found = find_customers(asker=entered.asker, text=typed, limit=_FOUND_MAX + 1, now=clock.now()) if typed else []
    context = {
        "typed": typed,
        "customers": [
            {
                "number": ids.to_number(one.account.id),
                "name": one.account.display_name,
                "addresses": one.addresses,
                "created_at": one.account.created_at,
            }
            for one in found[:_FOUND_MAX]
        ],
        "has_more": len(found) > _FOUND_MAX,
    }
    return desk_page(request, entered, "customers/index.html", context)


@desk_view(Permission.CUSTOMERS_READ)
def show(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show one customer, his addresses hidden."""
    return _page(request, entered, number)


@desk_view(Permission.CUSTOMERS_READ, methods=("POST",))
def addresses(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show one customer with his addresses, for who says why he has to read them."""
    return _page(request, entered, number, why=text_of(request, "why"))


@desk_view(Permission.CUSTOMERS_HELP, methods=("POST",))
def sign_out(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will sign a customer out everywhere."""
    end_sessions_of_customer(
        asker=entered.asker, account_id=id_of(number), why=text_of(request, "why"), now=clock.now()
    )
    return see_other("desk:customers:show", number, done="signed-out")


@desk_view(Permission.CUSTOMERS_HELP, methods=("POST",))
def stop_recovery(_request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will stop a recovery that the customer says is not his."""
    is_stopped = recover_account.cancel_for_customer(asker=entered.asker, account_id=id_of(number), now=clock.now())
    return see_other("desk:customers:show", number, done="stopped" if is_stopped else "not-stopped")


@desk_view(Permission.MESSAGES_RESEND, methods=("POST",))
def send_again(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will have a message sent again that was given up."""
    retry_message(key=text_of(request, "key"), asker=entered.asker, now=clock.now())
    return see_other("desk:customers:show", number, done="sent")


@desk_view(Permission.DATA_EXPORT, methods=("POST",))
def export(request: HttpRequest, entered: Entered, number: str) -> HttpResponseBase:
    """This function will send all that is kept of a customer as a file, or ask for the approval that it needs."""
    account_id, now = id_of(number), clock.now()
    if reason := asks(request):
        ask_to_export_customer_data(asker=entered.asker, account_id=account_id, why=reason, now=now)
        return see_other("desk:customers:show", number, done="asked")
    file = export_customer_data(asker=entered.asker, account_id=account_id, why=text_of(request, "why"), now=now)
    name = f"customer-{number}.json"
    return keep_private(FileResponse(file, as_attachment=True, filename=name, content_type="application/json"))


@desk_view(Permission.CUSTOMERS_DELETE, methods=("POST",))
def delete(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will delete a customer's account at his request, or ask for the approval that it needs."""
    account_id, now, how = id_of(number), clock.now(), text_of(request, "request")
    if reason := asks(request):
        approval = ask_to_delete_customer(asker=entered.asker, account_id=account_id, request=how, why=reason, now=now)
        return see_other("desk:approvals:show", ids.to_number(approval.id), done="asked")
    named = delete_customer(asker=entered.asker, account_id=account_id, request=how, now=now)
    return see_other("desk:customers:index", done="deleted-named" if named else "deleted")


@desk_view(Permission.CUSTOMERS_DELETE)
def mentions(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show where words that staff typed may name a customer."""
    try:
        found = find_mentions(asker=entered.asker, account_id=id_of(number), now=clock.now())
    except CustomerGone:
        raise Http404 from None
    context = {
        "number": number,
        "mentions": [{"one": one, "where": _TABLES.get(one.table, _WHERE[one.where])} for one in found],
        "has_more": len(found) == MENTIONS_MAX,
    }
    return desk_page(request, entered, "customers/mentions.html", context)


def _page(request: HttpRequest, entered: Entered, number: str, *, why: str = "") -> HttpResponse:
    try:
        one = show_customer(
            asker=entered.asker, account_id=id_of(number), now=clock.now(), with_addresses=bool(why), why=why
        )
    except CustomerGone:
        raise Http404 from None
    context = {
        "customer": one,
        "number": number,
        "name": one.account.display_name or number,
        "factors": ", ".join(factor_name(factor) for factor in Factor if factor in one.factors),
        "sessions": [
            {
                "session": session,
                "factors": ", ".join(factor_name(factor) for factor in Factor if factor in session.proved),
                "ended_at": ended_at,
            }
            for session, ended_at in one.sessions
        ],
        "orders": [
            {"order": order, "href": _order_page(order.id), "state": ORDER_STATES[order.state]} for order in one.orders
        ],
        "messages": [
            {"message": each, "state": _MESSAGE_STATES.get(each.state, (each.state, ""))} for each in one.messages
        ],
        "is_oneself": one.account.id == entered.session.account_id,
        "request_approved": _approved(request, entered, one.account.id),
    }
    return desk_page(request, entered, "customers/show.html", context)


def _approved(request: HttpRequest, entered: Entered, account_id: int) -> str:
    """Return how the customer asked to be deleted, as another person has approved it; "" without that."""
    number = request.GET.get("approval", "")
    if not number:
        return ""
    try:
        asked = look_at(asker=entered.asker, approval_id=id_of(number), now=clock.now())
    except ApprovalNotOpen:
        return ""
    is_this = asked.approval.subject == f"account:{account_id}" and "delete" in asked.content
    return str(asked.content["why"]) if is_this and asked.is_mine and asked.is_usable else ""


def _order_page(order_id: int) -> str:
    try:
        return reverse("desk:orders:show", args=[ids.to_number(order_id)])
    except NoReverseMatch:
        return ""
