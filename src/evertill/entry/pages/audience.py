"""Who may use a page: every view says so, and a shop with one that does not does not start.

Whoever writes a view so has to think about it, and nobody forgets. A view that is not for anybody says it through the
decorator that looks at the visitor (`opened` of orders, for one), so that the word cannot stand without the deed.
docs/reference/access.md lists every address with its audience; a test compares the two and tries each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from django.urls import URLPattern, URLResolver

T = TypeVar("T", bound=Callable[..., Any])

_MARK = "audience"


class Audience(StrEnum):
    """Who may use a page."""

    ANYBODY = "anybody"
    # Whoever holds the access token of the order that the address names, and its owner.
    ORDER = "order"
    # Whoever holds the access token of the claim that the address names, and the account that filed it.
    CLAIM = "claim"
    # Whoever is signed in, for what is his own.
    ACCOUNT = "account"
    # Whoever works for the shop, as far as his role goes.
    STAFF = "staff"


class AudienceMissing(Exception):
    """A page does not say who may use it, or says two things."""


def open_to(audience: Audience) -> Callable[[T], T]:
    """This function will mark a view as one for an audience; what wraps the view keeps the mark."""

    def mark(view: T) -> T:
        if getattr(view, _MARK, audience) is not audience:
            raise AudienceMissing(f"{view.__qualname__} is said to be for two audiences.")
        setattr(view, _MARK, audience)
        return view

    return mark


def audience_of(view: Callable[..., Any]) -> Audience | None:
    """This function will return for whom a view is, None when it does not say."""
    return getattr(view, _MARK, None)


def routes(patterns: Sequence[URLPattern | URLResolver], *, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """This function will give every address below these patterns, as it is written, with its pattern."""
    for pattern in patterns:
        address = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, before=address)
        else:
            yield address, pattern


def require_audiences(patterns: Sequence[URLPattern | URLResolver]) -> None:
    """This function will raise AudienceMissing when a view of these patterns does not say who may use it."""
    for address, pattern in routes(patterns):
        if audience_of(pattern.callback) is None:
            name = f"{pattern.callback.__module__}.{pattern.callback.__qualname__}"
            raise AudienceMissing(f"/{address} ({name}) does not say who may use it: add @open_to(Audience.…) to it.")
