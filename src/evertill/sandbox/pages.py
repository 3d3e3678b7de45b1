"""The pages a customer meets: card form, the bank's question, QR code, outcome. No script, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from evertill.kernel import clock
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money, as_decimal

from .book import Book, NotFound, payment_row
from .cards import BY_NAME, CARDS, find
from .http import Answer, Request
from .payments import NotAllowedNow, answer_challenge, pay
from .qr import as_svg
from .texts import TEXTS, language
from .types import State

_CSS = Path(__file__).with_name("pages.css").read_bytes()
_PATH = re.compile(r"/(pay|qr)/(pay_[0-9a-f]{24})(/challenge)?")
_EXPIRY = re.compile(r"\s*(0?[1-9]|1[0-2])\s*/?\s*(?:20)?(\d\d)\s*", re.ASCII)
_CVC = re.compile(r"\s*\d{3,4}\s*", re.ASCII)
_CARD_OF_SCAN = {"scan": "success", "scan_slow": "processing_success", "scan_fail": "declined"}


def answer_page(book: Book, request: Request) -> Answer:
    """This function will answer a customer's browser; a failure becomes a page too."""
    if request.path == "/pages.css":
        return Answer(status=200, body=_CSS, media="text/css", headers={"cache-control": "max-age=300"})
    say = _Say(request.headers.get("accept-language", ""))
    found = _PATH.fullmatch(request.path)
    try:
        if found is None or request.method not in {"GET", "HEAD", "POST"}:
            raise NotFound("There is no such page.")
        row = payment_row(book, found[2])
        return _Page(book=book, say=say, row=row, kind=found[1], asks=bool(found[3])).answer(request)
    except NotFound:
        return _page(say, _told(say, "missing", mark="?"), status=404)
    except EvertillError:
        return _page(say, _told(say, "slip", mark="!"), status=400)


class _Say:
    """The sentences of the customer's language, ready for HTML."""

    def __init__(self, accepted: str) -> None:
        self.language = language(accepted)
        self._texts = TEXTS[self.language]

    def __call__(self, name: str, **values: str) -> str:
        return escape(self._texts[name].format(**values))


class _Page:
    """One payment, in front of one browser."""

    def __init__(self, *, book: Book, say: _Say, row: dict[str, Any], kind: str, asks: bool) -> None:
        self._book, self._say, self._row, self._kind, self._asks = book, say, row, kind, asks

    def answer(self, request: Request) -> Answer:
        """This function will act on a form, or show where the payment is."""
        if request.method == "POST":
            return self._act(request.form())
        if self._row["state"] != State.REQUIRES_ACTION:
            return self._show(self._outcome())
        if self._asks:
            return self._show(self._question()) if self._row["pending"] else _see(self._address())
        return self._show(self._qr() if self._kind == "qr" else self._card(request.query.get("card", ""), error=""))

    def _act(self, form: Mapping[str, str]) -> Answer:
        payment = self._row["id"]
        try:
            if self._asks:
                return self._after(answer_challenge(self._book, payment, approved=form.get("answer") == "approve"))
            if self._kind == "qr":
                card = _CARD_OF_SCAN.get(form.get("answer", ""), "success")
                return self._after(pay(self._book, payment, card=card))
            error = _error_of(form)
            if error:
                return self._show(self._card(form.get("number", ""), error=error), status=422)
            state = pay(self._book, payment, card=form["number"])
        except NotAllowedNow:
            # A second click, or the browser's way back: what happened is shown, nothing happens again.
            return _see(self._address())
        if state is State.REQUIRES_ACTION:
            return _see(f"{self._address()}/challenge")
        return self._after(state)

    def _after(self, _state: State) -> Answer:
        return _see(_with_id(self._row))

    def _address(self) -> str:
        return f"/{self._kind}/{self._row['id']}"

    def _show(self, inside: str, *, status: int = 200) -> Answer:
        where = urlsplit(self._row["return_url"])
        # The browser holds the redirect after a form to this list as well, so the way back has to be in it.
        return _page(self._say, inside, status=status, back=f"{where.scheme}://{where.netloc.rpartition('@')[2]}")

    def _money(self) -> str:
        return _amount(self._row["amount"], self._row["currency"])

    def _summary(self) -> str:
        say, row = self._say, self._row
        about = f'<p class="what">{escape(row["description"])}</p>' if row["description"] else ""
        return (
            f'<p class="soft">{say("to_pay")}</p><h1 class="sum">{escape(self._money())}</h1>{about}'
            f'<p class="soft what">{say("order")} {escape(row["reference"])}</p>'
        )

    def _card(self, number: str, *, error: str) -> str:
        say = self._say
        # What is typed in is shown again only when it is a test card's: no other number ever leaves this function.
        shown = CARDS.get(number.replace(" ", "").replace("-", ""))
        value, expiry, cvc = (_spaced(shown.number), "12 / 34", "123") if shown else ("", "", "")
        told = f'<p class="error" role="alert">{say(error)} {say("kept")}</p>' if error else ""
        cards = "".join(
            f'<li><a href="?card={card.number}"><span>{say(_text_of(card.name))}</span>'
            f'<code>{_spaced(card.number)}</code><span class="use">{say("use")}</span></a></li>'
            for card in CARDS.values()
        )
        return (
            f"<section>{self._summary()}{told}<form method=post>"
            f"<label for=number>{say('number')}</label>"
            f'<input id=number name=number inputmode=numeric autocomplete=off maxlength=24 required value="{value}">'
            f"<div class=two><div><label for=expiry>{say('expiry')}</label>"
            f'<input id=expiry name=expiry inputmode=numeric autocomplete=off maxlength=9 required value="{expiry}"'
            f' placeholder="{say("expiry_hint")}"></div>'
            f"<div><label for=cvc>{say('cvc')}</label>"
            f'<input id=cvc name=cvc inputmode=numeric autocomplete=off maxlength=4 required value="{cvc}"'
            f' placeholder="123"></div></div><button>{say("pay", money=self._money())}</button></form></section>'
            f"<section><h2>{say('cards')}</h2><p class=soft>{say('cards_hint')}</p><ul>{cards}</ul></section>"
        )

    def _question(self) -> str:
        say = self._say
        return (
            f"<section><h1>{say('challenge_title')}</h1><p>{say('challenge', money=self._money())}</p>"
            f"<p class=soft>{say('challenge_hint')}</p><form method=post>"
            f"<button name=answer value=approve>{say('approve')}</button>"
            f"<button class=quiet name=answer value=refuse>{say('refuse')}</button></form></section>"
        )

    def _qr(self) -> str:
        say = self._say
        buttons = "".join(
            f"<button{'' if name == 'scan' else ' class=quiet'} name=answer value={name}>{say(name)}</button>"
            for name in _CARD_OF_SCAN
        )
        return (
            f"<section><h1>{say('qr_title')}</h1>{self._summary()}"
            f"{as_svg(self._book.base + self._address())}"
            f"<p class=soft>{say('scan_hint')}</p><form method=post>{buttons}</form></section>"
        )

    def _outcome(self) -> str:
        row, state = self._row, State(self._row["state"])
        name, mark = {
            State.CAPTURED: ("paid", "✓"), State.AUTHORIZED: ("authorized", "✓"), State.PROCESSING: ("processing", "…"),
            State.CANCELLED: ("cancelled", "×"),
        }.get(state, ("failed", "×"))  # fmt: skip
        money = _amount(row["captured"], row["captured_currency"])
        return _told(self._say, name, mark=mark, back=_with_id(row), money=money)


def _told(say: _Say, name: str, *, mark: str, back: str = "", money: str = "") -> str:
    link = f'<a class=go href="{escape(back)}">{say("back")}</a>' if back else ""
    good = " good" if mark == "✓" else ""
    return (
        f'<section><div class="mark{good}" aria-hidden=true>{mark}</div><h1>{say(name)}</h1>'
        f"<p>{say(f'{name}_hint', money=money)}</p>{link}</section>"
    )


def _page(say: _Say, inside: str, *, status: int = 200, back: str = "") -> Answer:
    text = (
        f"<!doctype html><html lang={say.language}><meta charset=utf-8><title>{say('title')}</title>"
        '<meta name=viewport content="width=device-width,initial-scale=1"><link rel=stylesheet href=/pages.css>'
        '<link rel=icon href="data:,">'
        f"<main><header><span class=brand>Sandbox</span><span class=mode>{say('mode')}</span></header>{inside}</main>"
    )
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none';"
        f" form-action 'self' {back}"
    )
    headers = {"content-security-policy": policy.strip(), "content-language": say.language, "vary": "Accept-Language"}
    return Answer(status=status, body=text.encode(), media="text/html; charset=utf-8", headers=headers)


def _see(where: str) -> Answer:
    return Answer(status=303, headers={"location": where}, media="text/plain")


def _with_id(row: Mapping[str, Any]) -> str:
    """The merchant's address with the payment's id, which tells nobody the outcome: the shop is to ask."""
    parts = urlsplit(str(row["return_url"]))
    query = "&".join(part for part in (parts.query, urlencode({"payment": row["id"]})) if part)
    return parts._replace(query=query).geturl()


def _error_of(form: Mapping[str, str]) -> str:
    card = find(form.get("number", ""))
    if card is None or card.number != form["number"].replace(" ", "").replace("-", ""):
        return "bad_number"
    expiry = _EXPIRY.fullmatch(form.get("expiry", ""))
    today = clock.now()
    if expiry is None or (2000 + int(expiry[2]), int(expiry[1])) < (today.year, today.month):
        return "bad_expiry"
    return "" if _CVC.fullmatch(form.get("cvc", "")) else "bad_cvc"


def _text_of(card: str) -> str:
    return "challenge_card" if BY_NAME[card].course == "challenge" else card


def _spaced(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def _amount(amount: int, currency: str) -> str:
    return f"{currency} {as_decimal(Money(amount=amount, currency=currency)):,f}"
