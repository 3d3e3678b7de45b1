"""What the desk answers when a request cannot be met: what happened, in its own words, and the way back."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from evertill.entry.desk.frame import told_page
from evertill.entry.pages import references
from evertill.entry.pages.frame import view_of
from evertill.journeys.enter_desk import Entered


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """This function will answer a request that cannot be understood."""
    return told_page(
        request,
        title=_("This address cannot be used"),
        text=_("Your browser asked in a way that the shop does not understand. Nothing was changed."),
        status=400,
    )


def refused(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """This function will answer a form that was open for too long, or that another site has sent."""
    return told_page(
        request,
        title=_("This could not be done"),
        text=_(
            "The page was open for too long, or you have signed in anew since. Nothing was changed: go back, load the"
            " page again, and do it once more."
        ),
        status=403,
    )


def not_found(
    request: HttpRequest,
    exception: Exception | None = None,  # noqa: ARG001
    *,
    entered: Entered | None = None,
) -> HttpResponse:
    """This function will answer an address where there is nothing, in the frame of whoever has entered."""
    return told_page(
        request,
        title=_("There is nothing here"),
        text=_("The address is not quite right, or what it showed was removed. Look for it in its room."),
        status=404,
        entered=entered,
    )


def form_only(request: HttpRequest) -> HttpResponse:
    """This function will answer who opens an address to which a form is sent."""
    return told_page(
        request,
        title=_("There is nothing to see here"),
        text=_("This address takes a form, and nothing was done. Go back, and send the form from its page."),
        status=405,
    )


def failed(request: HttpRequest) -> HttpResponse:
    """This function will answer when something went wrong that nobody foresaw."""
    return told_page(
        request,
        title=_("Something went wrong here"),
        text=_(
            "It is the shop's mistake, and it is in its log. Look whether what you did last was done, before you do it"
            " again; tell whoever runs the machine the reference."
        ),
        # Called while the error is being handled.
        reference=references.note("page failed", error=sys.exception(), view=view_of(request)),
        status=500,
    )
