"""Claims, for customers: say what is missing, hand in what one has, prove that it is one's own, read the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

import msgspec
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evertill.entry.pages import contact_form, failures, places
from evertill.entry.pages.amounts import write_price
from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.frame import reads
from evertill.entry.pages.leading import see_other_address
from evertill.entry.pages.moments import moment
from evertill.entry.pages.troubles import Trouble, status_of
from evertill.entry.pages.uploads import read_file, takes_file
from evertill.entry.pages.visitor import visit, visitor
from evertill.entry.shop.opening import refused
from evertill.entry.shop.pages import private_page
from evertill.journeys import view_claim as claims
from evertill.journeys.file_claim import About, AskedClaim, ClaimInvalid, file_claim
from evertill.kernel import clock, config, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import InvalidMoney
from evertill.kernel.money import parse as parse_money

P = ParamSpec("P")
_SALT = "evertill.claim"
_OPEN_S = 3600
_CHARS_MAX, _WORDS_MAX = 400, 1000
_FIELDS = ("about", "contact", "code", "number", "reference", "email", "phone", "date", "amount", "currency", "words")
_ABOUTS: Mapping[About, Promise] = {
    About.LOST_ORDER: _("I ordered, or paid, and cannot find my order"),
    About.LATE_DELIVERY: _("My order comes late"),
    About.DOUBLE_CHARGE: _("I was charged twice"),
    About.OTHER: _("Something else"),
}
_STATES: Mapping[str, Promise] = {
    "FILED": _("We have it, and are looking"),
    "WITH_STAFF": _("With our staff"),
    "ANSWERED": _("Answered"),
    "WITHDRAWN": _("Withdrawn"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A claim that somebody may open; the token is "" where its owner is signed in."""

    id: int
    token: str

    @property
    def number(self) -> str:
        return ids.to_number(self.id)

    def address_of(self, view: str) -> str:
        """This function will return where one of the claim's pages is."""
        address = reverse(f"shop:{view}", args=(self.number,))
        return f"{address}?{urlencode({'access_token': self.token})}" if self.token else address


def opened(view: Callable[Concatenate[HttpRequest, Opened, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Show a claim to who has its token, and to the account that filed it; to anybody else there is no such claim."""

    @wraps(view)
    def answer(request: HttpRequest, number: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            claim_id = ids.from_number(number)
        except ids.InvalidNumber:
            raise Http404 from None
        token = request.GET.get("access_token", "")
        if not claims.opens_claim(token, claim_id=claim_id):
            token, session = "", visitor(request)
            if session is None or not claims.is_filed_by(session, claim_id=claim_id):
                refused(request, kind="claim", number=ids.to_number(claim_id))
                raise Http404
        try:
            return view(request, Opened(id=claim_id, token=token), *args, **kwargs)
        except claims.ClaimNotFound:
            raise Http404 from None

    return reads(open_to(Audience.CLAIM)(answer))


@takes_file(bytes_max=lambda: config.get().claims_file_bytes_max)
@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Audience.ANYBODY)
@reads
def new_claim(request: HttpRequest) -> HttpResponse:
    """This function will ask what is missing and which clues there are, and keep them."""
    if request.method != "POST":
        known = contact_form.known(request)
        return _form(request, {"contact": known.email or known.phone, "number": request.GET.get("number", "")[:40]})
    typed = {name: request.POST.get(name, "").strip()[:_WORDS_MAX] for name in _FIELDS}
    typed["code"] = request.POST.get("code", "").strip()[: config.get().claims_file_bytes_max]
    try:
        filed = file_claim(
            asked=_asked(request, typed), session=visitor(request), caller=visit(request).caller, now=clock.now()
        )
    except EvertillError as error:
        return _form(request, typed, error=error)
    session = visitor(request)
    return see_other_address(Opened(id=filed.id, token="" if session else filed.token).address_of("claim"))


def _asked(request: HttpRequest, typed: Mapping[str, str]) -> AskedClaim:
    receipt = read_file(request, "receipt", bytes_max=config.get().claims_file_bytes_max)
    try:
        about = About(typed["about"])
        date = dt.date.fromisoformat(typed["date"]) if typed["date"] else None
        text = receipt.decode("utf-8") if receipt else typed["code"]
    except ValueError:
        raise ClaimInvalid("A day, a kind or a file cannot be read.") from None
    try:
        amount = parse_money(typed["amount"], currency=typed["currency"]) if typed["amount"] else None
    except InvalidMoney:
        raise ClaimInvalid("The amount cannot be read.") from None
    return AskedClaim(
        about=about,
        contact=typed["contact"],
        receipt=text,
        number=typed["number"],
        reference=typed["reference"],
        email=typed["email"],
        phone=typed["phone"],
        amount=amount.amount if amount else None,
        currency=amount.currency if amount else "",
        date=date,
        words=typed["words"],
        language=places.of(request).language,
    )


def _form(request: HttpRequest, typed: Mapping[str, str], *, error: EvertillError | None = None) -> HttpResponse:
    context = {
        "typed": typed,
        "abouts": [(about.value, words) for about, words in _ABOUTS.items()],
        "choices": config.get().currencies,
        "currency": typed.get("currency") or places.of(request).currency,
        "trouble": _tell(error) if error else None,
    }
    return private_page(request, "shop/claim_new.html", context, status=status_of(error))


@require_safe
@opened
def show_claim(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will show how a claim stands, and what of it was proved to be his who filed it."""
    return _page(request, opened)


@require_POST
@opened
def prove_claim(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will send a code to the claim's contact, and take it."""
    sealed = request.POST.get("errand", "")
    try:
        if not sealed:
            sent = claims.begin_proof(
                claim_id=opened.id,
                caller=visit(request).caller,
                language=places.of(request).language,
                now=clock.now(),
            )
            return _code_page(request, opened, _seal(opened, sent.code_id), is_in_file=sent.is_in_file)
        code_id = _unseal(opened, sealed)
        claims.finish_proof(
            claim_id=opened.id, code_id=code_id, digits=request.POST.get("code", "")[:_CHARS_MAX], now=clock.now()
        )
    except claims.CodeWrong as error:
        return _code_page(request, opened, sealed, error=error)
    except signing.BadSignature:
        return see_other_address(opened.address_of("claim"))
    except EvertillError as error:
        if error.code == "CLAIM_NOT_FOUND":
            raise
        return _page(request, opened, error=error)
    return see_other_address(opened.address_of("claim"))


@require_POST
@opened
def withdraw_claim(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will take a claim back."""
    try:
        claims.withdraw_claim(claim_id=opened.id, now=clock.now())
    except EvertillError as error:
        if error.code == "CLAIM_NOT_FOUND":
            raise
        return _page(request, opened, error=error)
    return see_other_address(opened.address_of("claim"))


def _page(request: HttpRequest, opened: Opened, *, error: EvertillError | None = None) -> HttpResponse:
    shown, language = claims.view_claim(claim_id=opened.id), translation.get_language()
    context = {
        "claim": shown,
        "about": _ABOUTS[shown.about],
        "state": _STATES[shown.state.value],
        "is_open": shown.state.value in ("FILED", "WITH_STAFF"),
        "filed_at": moment(shown.filed_at),
        "found": [_found(one, language) for one in shown.found],
        "answered": _found(shown.answered, language) if shown.answered else None,
        "given": [(one, write_price(one.amount.amount, one.amount.currency, language=language)) for one in shown.given],
        "prove": opened.address_of("claim-prove"),
        "withdraw": opened.address_of("claim-withdraw"),
        "trouble": _tell(error) if error else None,
    }
    return private_page(request, "shop/claim.html", context, status=status_of(error))


def _found(found: claims.Found, language: str) -> dict[str, object]:
    return {
        "source": found.source.value,
        "number": found.number,
        "at": moment(found.at) if found.at else "",
        "total": write_price(found.total.amount, found.total.currency, language=language) if found.total else "",
    }


def _code_page(
    request: HttpRequest, opened: Opened, errand: str, *, is_in_file: bool = False, error: EvertillError | None = None
) -> HttpResponse:
    context = {
        "errand": errand,
        "contact": claims.view_claim(claim_id=opened.id).contact,
        "prove": opened.address_of("claim-prove"),
        "back": opened.address_of("claim"),
        "is_in_file": is_in_file,
        "trouble": _tell(error) if error else None,
    }
    return private_page(request, "shop/claim_code.html", context, status=status_of(error))


def _seal(opened: Opened, code_id: str) -> str:
    return signing.dumps([opened.id, code_id], salt=_SALT, compress=True)


def _unseal(opened: Opened, text: str) -> str:
    claim_id, code_id = msgspec.convert(signing.loads(text, salt=_SALT, max_age=_OPEN_S), tuple[int, str])
    if claim_id != opened.id:
        raise signing.BadSignature("This is the code of another claim.")
    return code_id


def _tell(error: EvertillError) -> Trouble:
    told = failures.tell(error)
    own = {
        "CLUES_MISSING": (
            _("There is nothing to look for yet."),
            _("Give at least one clue: the receipt, a number, an address, or the day and the amount."),
        ),
        "CONTACT_INVALID": (
            _("We cannot answer there."),
            _("Give your email address, or your telephone number with its country."),
        ),
        "CLAIM_INVALID": (
            _("Something that you put in cannot be read."),
            _("Look at the day, the amount and the file, and send it again."),
        ),
        "CLAIMS_LIMITED": (
            _("Several claims wait for an answer already."),
            _("We answer those first. Come back in an hour if you have something else."),
        ),
        "CLAIM_MOVED": (
            _("This claim has been answered or taken back."),
            _("File another one if something is still missing."),
        ),
        "FILE_TOO_LARGE": (
            _("This file is too large for a receipt."),
            _("Send the file that the order's page gave you, or the text of its code."),
        ),
        "NOT_A_RECEIPT": (
            _("This is not a receipt of ours."),
            _("Send the file that the order's page gave you, or leave it out and give other clues."),
        ),
    }
    own |= dict.fromkeys(("RECEIPT_ALTERED", "RECEIPT_OF_ANOTHER_SHOP", "RECEIPT_TOO_BIG"), own["NOT_A_RECEIPT"])
    words = own.get(error.code)
    return replace(told, what=str(words[0]), kept="", remedy=str(words[1]), reference="") if words else told
