"""What the account pages have in common: who may see them, where they lead back to, and how a failure is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST

from evertill.domains.identity import Session
from evertill.entry.pages import failures, places
from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.errands import ask_first
from evertill.entry.pages.frame import reads
from evertill.entry.pages.leading import next_of, see_other, see_other_address
from evertill.entry.pages.troubles import status_of
from evertill.entry.pages.visitor import visitor
from evertill.entry.shop.pages import private_page
from evertill.journeys.step_up import StepUpRequired
from evertill.kernel.errors import EvertillError

P = ParamSpec("P")


def signed_in_only(
    view: Callable[Concatenate[HttpRequest, Session, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Show a page to whoever is signed in; everybody else is led to sign in first, and then back."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        session = visitor(request)
        if session is None:
            # What was to be done is asked for again by hand: a form is never sent on by a link.
            back = places.bare_path(request) if request.method in ("GET", "HEAD") else ""
            return see_other("account:sign-in", next=back)
        return view(request, session, *args, **kwargs)

    return open_to(Audience.ACCOUNT)(reads(answer))


def own_act(
    told_by: Callable[..., HttpResponse], *, carried: Sequence[str] = ()
) -> Callable[[Callable[Concatenate[HttpRequest, Session, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Take a form by which the owner does something: he proves himself first where it needs that, and is led back.

    `carried` are the fields that the form has then again. Any other failure is told by the page `told_by`, which takes
    the request, the session, and the `error`.
    """

    def make(view: Callable[Concatenate[HttpRequest, Session, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def answer(request: HttpRequest, session: Session, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                return view(request, session, *args, **kwargs)
            except StepUpRequired as error:
                return ask_first(request, session, error, carried=carried)
            except EvertillError as error:
                return told_by(request, session, error=error)

        return require_POST(signed_in_only(answer))

    return make


def account_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    error: EvertillError | None = None,
    status: int = 200,
) -> HttpResponse:
    """This function will render an account page, with a failure at its head if there was one."""
    trouble = failures.tell(error) if error else None
    answer = private_page(
        request,
        f"account/{template}",
        {"trouble": trouble, "next": next_of(request), **context},
        status=status_of(error) if error else status,
    )
    if error is not None and answer.status_code in (429, 503):
        answer["Retry-After"] = "5"
    return answer


def onward(request: HttpRequest) -> HttpResponse:
    """This function will lead to where the visitor wanted to go, else to his account."""
    return see_other_address(next_of(request) or reverse("account:home"))
