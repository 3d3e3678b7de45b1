"""Who may open a page of the desk: each view names its permission here, and the gate looks before the view does.

The view gets who is there (`Entered`). What it does asks again: a journey that staff reach checks its own permission.
Whatever a journey refuses and the view does not tell itself is told here: a missing permission, an approval that
another person has to give, a proof that is asked for anew, and every other failure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from evertill.domains.access import Permission
from evertill.domains.approvals import ApprovalRequired
from evertill.entry.desk import answers, frame
from evertill.entry.pages import places
from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.errands import ask_first
from evertill.entry.pages.frame import reads, view_of
from evertill.entry.pages.leading import see_other
from evertill.entry.pages.visitor import visitor
from evertill.journeys.enter_desk import Entered, enter_desk
from evertill.journeys.permitted import Forbidden
from evertill.journeys.step_up import StepUpRequired
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
View = Callable[Concatenate[HttpRequest, Entered, P], R]

# What a form may say that is carried through a proof or an approval; a longer one is sent again by hand.
_CARRIED_CHARS_MAX = 4000
_NEVER_CARRIED = ("csrfmiddlewaretoken", "ask", "why_ask")


def desk_view(
    permission: Permission, *, methods: Sequence[str] = ("GET",)
) -> Callable[[View[P, R]], Callable[..., HttpResponseBase]]:
    """This function will make a view one of the desk's, for whoever has a permission; HEAD goes with GET."""
    taken = (*methods, *(("HEAD",) if "GET" in methods else ()))

    def make(view: View[P, R]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            session = visitor(request)
            if session is None:
                back = places.bare_path(request) if request.method in ("GET", "HEAD") else "/desk/"
                return see_other("account:sign-in", next=back)
            try:
                entered = enter_desk(session=session, permission=permission, page=view_of(request), now=clock.now())
            except Forbidden as refused:
                return frame.refused(request, session, refused)
            return _told(request, entered, lambda: view(request, entered, *args, **kwargs))

        guarded: Any = open_to(Audience.STAFF)(_by_method(taken, reads(answer, away=frame.away)))
        guarded.permission = permission
        guarded.methods = tuple(methods)
        made: Callable[..., HttpResponseBase] = guarded
        return made

    return make


def _told(request: HttpRequest, entered: Entered, show: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Show a page; or tell what was missing for it, or that it failed."""
    try:
        return show()
    except StepUpRequired as error:
        return _prove(request, entered, error)
    except ApprovalRequired as error:
        return frame.approval_page(request, entered, error, fields=_carried(request))
    except EvertillError as error:
        return frame.failure_page(request, entered, error)
    except Http404:
        return answers.not_found(request, entered=entered)


def _by_method(taken: Sequence[str], view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let through what a view takes; whoever opens the address of a form is told so, and not shown an empty page."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method in taken:
            return view(request, *args, **kwargs)
        told = answers.form_only(request)
        told["Allow"] = ", ".join(taken)
        return told

    return answer


def asks(request: HttpRequest) -> str:
    """This function will return why an approval is asked for, "" when the form is to be done rather than asked for."""
    return request.POST.get("why_ask", "")[:500].strip() if request.POST.get("ask") else ""


def _prove(request: HttpRequest, entered: Entered, error: StepUpRequired) -> HttpResponseBase:
    if request.method != "POST":
        return ask_first(request, entered.session, error, address=request.get_full_path(), is_form=False)
    fields = _carried(request)
    if fields is None:
        return frame.failure_page(request, entered, error)
    # Also what asks for an approval is gone on with as it was.
    kept = [name for name in ("ask", "why_ask") if name in request.POST]
    return ask_first(request, entered.session, error, carried=[*fields, *kept])


def _carried(request: HttpRequest) -> dict[str, list[str]] | None:
    """Return what a form said, to be sent again as it was; None for one that is too long to be carried."""
    fields = {name: request.POST.getlist(name) for name in request.POST if name not in _NEVER_CARRIED}
    length = sum(len(name) + sum(map(len, values)) for name, values in fields.items())
    return fields if length <= _CARRIED_CHARS_MAX and not request.FILES else None
