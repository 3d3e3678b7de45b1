"""Step-up: proving once more that it is you, before something important and for that alone.

A view whose operation needs it leads here with what its form said, sealed (`errands.ask_first`); from here the visitor
goes on with the same form.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from evertill.domains.identity import Factor, Session
from evertill.entry.pages.errands import Errand, unseal
from evertill.entry.pages.factors import SENT
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other, see_other_address
from evertill.entry.pages.visitor import renewed, visit
from evertill.entry.shop.account import words
from evertill.entry.shop.account.frame import account_page, signed_in_only
from evertill.journeys import step_up
from evertill.journeys.manage_sessions import renew_session
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_only
def prove(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will ask for a proof of who is there, and lead on once it was given."""
    sealed = request.POST.get("errand") or request.GET.get("errand", "")
    errand = unseal(sealed, session=session)
    if errand is None:
        return see_other("account:home")
    if request.method != "POST":
        return page(request, session, errand, sealed=sealed)
    way, _, name = request.POST.get("way", "").partition(":")
    if name not in set(Factor):
        return page(request, session, errand, sealed=sealed)
    factor, code_id = Factor(name), text_of(request, "code_id")
    try:
        if way == "send":
            sent = step_up.send_code(
                session=session,
                operation=errand.operation,
                subject=errand.subject,
                factor=factor,
                visit=visit(request),
                now=clock.now(),
            )
            return page(request, session, errand, sealed=sealed, sent=factor, code_id=sent.code_id)
        step_up.prove(
            session=session,
            operation=errand.operation,
            subject=errand.subject,
            factor=factor,
            text=text_of(request, "text"),
            code_id=code_id,
            visit=visit(request),
            now=clock.now(),
        )
    except EvertillError as error:
        sent_before = factor if factor in SENT and code_id else None
        return page(request, session, errand, sealed=sealed, error=error, sent=sent_before, code_id=code_id)
    return go_on(request, session, errand)


def go_on(request: HttpRequest, session: Session, errand: Errand) -> HttpResponse:
    """This function will go on with what the proof was for: open its page, or send its form as it was.

    From here on the session has another secret: a copy of the one that it had until now opens nothing any more.
    """
    if errand.is_form:
        answer = account_page(request, "go_on.html", {"errand": errand, "what": words.operation(errand.operation)})
    else:
        answer = see_other_address(errand.address)
    return renewed(answer, session, secret=renew_session(session=session, now=clock.now()))


def page(
    request: HttpRequest,
    session: Session,
    errand: Errand,
    *,
    sealed: str,
    error: EvertillError | None = None,
    sent: Factor | None = None,
    code_id: str = "",
) -> HttpResponse:
    """This function will show the page that asks for a proof."""
    asked = step_up.look(session=session)
    context = {
        "ways": words.ways(asked.factors, hidden=asked.hidden, sent=sent),
        "errand": sealed,
        "what": words.operation(errand.operation),
        "code_id": code_id,
        "back": reverse("account:home"),
    }
    return account_page(request, "prove.html", context, error=error)
