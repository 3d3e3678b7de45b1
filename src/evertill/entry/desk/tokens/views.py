"""Pages of API tokens. A secret is shown once, in the answer that issues it, and never again."""

from __future__ import annotations

from collections.abc import Collection

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission, Scope
from evertill.entry.desk import words
from evertill.entry.desk.failures import objection
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other
from evertill.journeys import manage_tokens
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError

_NAME_CHARS_MAX = 80


class ScopeUnknown(EvertillError):
    """A form asks for a scope that does not exist."""

    code = "SCOPE_UNKNOWN"


@desk_view(Permission.TOKENS_MANAGE)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show every token that was issued, those in use first."""
    return _page(request, entered)


@desk_view(Permission.TOKENS_MANAGE, methods=("POST",))
def issue(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will issue a token and show its secret, or ask for the approval that it needs."""
    name, asked = text_of(request, "name")[:_NAME_CHARS_MAX].strip(), request.POST.getlist("scope")
    try:
        scopes = _scopes(asked)
        if reason := asks(request):
            manage_tokens.ask_to_issue_token(asker=entered.asker, name=name, scopes=scopes, why=reason, now=clock.now())
            return see_other("desk:tokens:index", done="asked")
        secret = manage_tokens.issue_token(asker=entered.asker, name=name, scopes=scopes, now=clock.now())
    except (manage_tokens.TokenNameInvalid, manage_tokens.TokenNameTaken, ScopeUnknown) as error:
        return _page(request, entered, typed=name, chosen=asked, error=error)
    return desk_page(request, entered, "tokens/issued.html", {"name": name, "secret": secret})


@desk_view(Permission.TOKENS_MANAGE, methods=("POST",))
def revoke(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will revoke a token, for which nobody else is asked: it can only be safer without."""
    manage_tokens.revoke_token(asker=entered.asker, name=text_of(request, "name")[:_NAME_CHARS_MAX], now=clock.now())
    return see_other("desk:tokens:index", done="revoked")


def _scopes(asked: Collection[str]) -> list[Scope]:
    if not set(asked) <= set(Scope):
        raise ScopeUnknown("There is no such scope.")
    return [Scope(text) for text in asked]


def _page(
    request: HttpRequest,
    entered: Entered,
    *,
    typed: str = "",
    chosen: Collection[str] = (),
    error: EvertillError | None = None,
) -> HttpResponse:
    shown = manage_tokens.list_tokens(asker=entered.asker, now=clock.now())
    context = {
        "tokens": [
            {"token": token, "allows": [words.scope(scope) for scope in Scope if scope in token.scopes]}
            for token in sorted(shown.tokens, key=lambda token: (token.revoked_at is not None, token.name))
        ],
        "choices": [
            {
                "name": scope.value,
                "says": words.scope(scope),
                "objection": objection(why_not),
                "is_chosen": scope in chosen,
            }
            for scope, why_not in shown.objections.items()
        ],
        "typed": typed,
        "name_chars_max": _NAME_CHARS_MAX,
    }
    return desk_page(request, entered, "tokens/index.html", context, error=error)
