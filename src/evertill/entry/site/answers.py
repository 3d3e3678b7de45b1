"""What is answered when a request cannot be met: at the desk in its words, everywhere else in the shop's."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from evertill.entry.desk import answers as desk
from evertill.entry.shop import answers as shop


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """This function will answer a request that cannot be understood."""
    return desk.bad_request(request, exception) if _is_desk(request) else shop.bad_request(request, exception)


def refused(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """This function will answer what a page did not allow, mostly a form that was open for too long."""
    return desk.refused(request, exception, reason) if _is_desk(request) else shop.refused(request, exception, reason)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """This function will answer an address where there is nothing."""
    return desk.not_found(request, exception) if _is_desk(request) else shop.not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """This function will answer when something went wrong that nobody foresaw."""
    return desk.failed(request) if _is_desk(request) else shop.failed(request)


def _is_desk(request: HttpRequest) -> bool:
    return request.path_info.startswith("/desk/")
