"""The policy of compensation: what is promised, who declared it, and declaring a rule anew."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec
from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.domains.claims import About, Cap, Policy, Rule
from evertill.entry.desk.claims.views import ABOUTS
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.who import known_as
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other
from evertill.journeys import compensate_claim as compensating
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock, config, money

_VERSIONS = 50


@desk_view(Permission.CLAIMS_READ)
def show(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show what the shop promises, and what it promised before."""
    found = compensating.list_policies(asker=entered.asker, limit=_VERSIONS, now=clock.now())
    names = known_as({one.declared_by for one in found})
    context = {
        "policy": found[0] if found else Policy(),
        "rules": [(rule, ABOUTS[rule.about]) for rule in found[0].rules] if found else [],
        "before": [(one, names.get(one.declared_by, one.declared_by)) for one in found],
        "abouts": [(about.value, words) for about, words in ABOUTS.items()],
        "currencies_known": config.get().currencies,
    }
    return desk_page(request, entered, "claims/policy.html", context)


@desk_view(Permission.COMPENSATION_DEFINE, methods=("POST",))
def declare(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will declare the policy in force with one rule, and the caps of its currency, as the form says."""
    now = clock.now()
    found = compensating.list_policies(asker=entered.asker, limit=1, now=now)
    before = found[0] if found else Policy()
    try:
        rule, cap = _rule(request), _cap(request)
    except (ValueError, InvalidOperation, OverflowError, money.InvalidMoney, msgspec.ValidationError):
        raise _invalid() from None
    rules = (*(one for one in before.rules if (one.about, one.currency) != (rule.about, rule.currency)), rule)
    caps = (*(one for one in before.caps if one.currency != cap.currency), cap)
    seen = before.version
    if why := asks(request):
        compensating.ask_to_declare(asker=entered.asker, seen=seen, rules=rules, caps=caps, why=why, now=now)
        return see_other("desk:claims:policy")
    why = text_of(request, "why").strip() or "-"
    compensating.declare_policy(asker=entered.asker, seen=seen, rules=rules, caps=caps, why=why, now=now)
    return see_other("desk:claims:policy", done="declared")


def _rule(request: HttpRequest) -> Rule:
    return Rule(
        about=About(text_of(request, "about")),
        currency=_currency(request),
        fixed=_amount(request, "fixed"),
        percent_bp=int(Decimal(text_of(request, "percent") or "0") * 100),
        per_day=_amount(request, "per_day"),
        grace_days=int(text_of(request, "grace_days") or "0"),
        order_max=_amount(request, "order_max"),
        alone_max=_amount(request, "alone_max"),
    )


def _cap(request: HttpRequest) -> Cap:
    return Cap(
        currency=_currency(request),
        customer_month_max=_amount(request, "customer_month_max"),
        month_max=_amount(request, "month_max"),
    )


def _currency(request: HttpRequest) -> str:
    return text_of(request, "currency").strip().upper()


def _amount(request: HttpRequest, name: str) -> int:
    text = text_of(request, name).strip()
    return money.parse(text, currency=_currency(request)).amount if text else 0


def _invalid() -> Exception:
    return compensating.PolicyInvalid("An amount, a percentage or a number of days cannot be read.")
