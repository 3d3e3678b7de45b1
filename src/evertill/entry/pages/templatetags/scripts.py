"""`{% script "shop/order.js" %}`: one of the shop's own scripts, as the page's policy lets it run."""

from __future__ import annotations

from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from evertill.entry.pages.middleware import nonce_of

register = template.Library()


@register.simple_tag(takes_context=True)
def script(context: dict[str, Any], path: str) -> SafeString:
    """This function will return the element that loads a static file as a script, after the page has been read."""
    if context.get("is_private"):
        return format_html('<script src="{}" nonce="{}" defer></script>', static(path), nonce_of(context["request"]))
    return format_html('<script src="{}" defer></script>', static(path))
