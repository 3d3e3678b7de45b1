"""Numbers in the desk's addresses, as people read and type them."""

from __future__ import annotations

from django.http import Http404

from evertill.kernel import ids


def id_of(number: str) -> int:
    """This function will return the id behind a number in an address; raises Http404 for one that there cannot be."""
    try:
        return ids.from_number(number)
    except ids.InvalidNumber:
        raise Http404 from None
