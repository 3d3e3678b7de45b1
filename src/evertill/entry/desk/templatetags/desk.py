"""`{% load desk %}`: moments and amounts as the desk writes them, and links that keep the page's filters."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from evertill.entry.pages import moments
from evertill.entry.pages.amounts import write_price
from evertill.kernel import ids
from evertill.kernel.money import Money

register = template.Library()


@register.filter
def moment(at: dt.datetime | None) -> SafeString | str:
    """This function will write a moment so that a script can say it in the reader's own hour; "" for none."""
    return moments.moment(at) if at else ""


@register.filter
def money(amount: Money | int | None, currency: str = "") -> str:
    """This function will write an amount: a Money, or minor units with their currency; "" for none."""
    if amount is None:
        return ""
    minor, code = (amount.amount, amount.currency) if isinstance(amount, Money) else (amount, currency)
    return write_price(minor, code, language=get_language() or "en")


@register.filter
def number(identifier: int | None) -> str:
    """This function will write an id as people say it; "" for none."""
    return ids.to_number(identifier) if identifier is not None else ""


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changed: object) -> str:
    """This function will return this page's query with some of it changed, so that filters stay; None takes one out."""
    query = context["request"].GET.copy()
    query.pop("done", None)
    for name, value in changed.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"
