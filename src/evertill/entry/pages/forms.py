"""What people type into the fields of a form."""

from __future__ import annotations

from django.http import HttpRequest

# Longer than anything that fits; what is longer is refused by the journeys in their own words.
_CHARS_MAX = 400


def text_of(request: HttpRequest, name: str) -> str:
    """This function will return what was typed into a field, of bounded length, without what a database cannot keep."""
    return request.POST.get(name, "")[:_CHARS_MAX].replace("\0", "")
