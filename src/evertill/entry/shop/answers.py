"""What the shop answers when a request cannot be met: what happened, what is safe, and where to go from there."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from evertill.entry.pages import references
from evertill.entry.pages.frame import message, view_of


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """This function will answer a request that cannot be understood."""
    return message(
        request,
        400,
        title=_("This address cannot be used"),
        text=_("Your browser asked in a way that this shop does not understand."),
    )


def refused(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """This function will answer what a page did not allow, mostly a form that was open for too long."""
    return message(
        request,
        403,
        title=_("This could not be done"),
        text=_("The page may have been open for too long. Nothing was changed; go back, load it again and try anew."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """This function will answer an address where there is nothing."""
    return message(
        request,
        404,
        title=_("There is nothing here"),
        text=_("The page has moved, or what it showed is no longer for sale."),
    )


def failed(request: HttpRequest) -> HttpResponse:
    """This function will answer when something went wrong that nobody foresaw."""
    return message(
        request,
        500,
        title=_("Something went wrong here"),
        text=_("It is our mistake, and it is in the shop's log. Orders that were confirmed are safe."),
        # Called while the error is being handled.
        reference=references.note("page failed", error=sys.exception(), view=view_of(request)),
    )
