"""`{% tile product.slug %}`: the picture of what has none."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from evertill.entry.shop import tiles

register = template.Library()


@register.simple_tag
def tile(name: str) -> SafeString:
    """This function will return the picture that belongs to a name."""
    return tiles.draw(name)
