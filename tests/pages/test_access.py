"""Who may use each page: as docs/reference/access.md says, tried with every method as somebody who may not."""

from __future__ import annotations

import re
from functools import cache

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver

from evertill.entry.pages.audience import Audience, AudienceMissing, audience_of, open_to, require_audiences, routes
from tests.builders import ask, make_product, place_one
from tests.contracts.truth import Document
from tests.kernel.waiting import ROOT

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# What a browser says of a form that the shop's own page sends.
OWN = {"Sec-Fetch-Site": "same-origin"}
# In place of what addresses leave open: well formed, and nobody's.
VALUES = {
    "number": "0E9W-9MHZ-4G9XQ",
    "payment": "0E9W-9MHZ-4G9XQ",
    "slug": "tea",
    "code": "en",
    "token": "nobodys",
    "passkey_id": "7",
}


def pages() -> dict[str, tuple[frozenset[str], str]]:
    """What the documentation says: by address the methods, HEAD being a GET, and the audience."""
    folder = ROOT / "docs" / "reference"
    text = "".join((folder / name).read_text(encoding="utf-8") for name in ("access.md", "desk.md"))
    rows = re.findall(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \| (\w+) \|", text, re.MULTILINE)
    return {
        address: (frozenset(methods.split(", ")) | ({"HEAD"} if "GET" in methods.split(", ") else set()), audience)
        for address, methods, audience in rows
    }


@cache
def real() -> dict[str, Audience | None]:
    """What the code has: by address the audience."""
    return {f"/{address}": audience_of(route.callback) for address, route in routes(get_resolver().url_patterns)}


def filled(address: str) -> str:
    return "/en" + re.sub(r"<(\w+):(\w+)>", _value, address)


def _value(found: re.Match[str]) -> str:
    return VALUES.get(found.group(2), "7" if found.group(1) == "int" else "nobodys")


@pytest.fixture
def stranger() -> Client:
    """Somebody without any cookie, by Django's own client: the fixture `client` of these tests is another."""
    return Client()


class TestPages:
    def test_are_all_documented_with_their_audience(self) -> None:
        assert {address: audience for address, (_, audience) in pages().items()} == real()

    @pytest.mark.django_db
    @pytest.mark.parametrize("address", list(pages()))
    def test_answer_a_stranger_as_their_audience_says(self, stranger: Client, address: str) -> None:
        methods, audience = pages()[address]

        answers = {method: stranger.generic(method, filled(address), headers=OWN) for method in METHODS}

        assert {method for method, answer in answers.items() if answer.status_code != 405} == methods
        for method in methods:
            answer = answers[method]
            if audience == Audience.ANYBODY:
                assert answer.status_code < 500
                # Signing in is for everybody; nothing that is for everybody leads there.
                assert "/sign-in" in address or "/sign-in" not in answer.headers.get("Location", "")
            elif audience in (Audience.ORDER, Audience.CLAIM):
                assert answer.status_code == 404
            else:
                assert answer.status_code == 303
                assert "/account/sign-in" in answer.headers["Location"]

    @pytest.mark.usefixtures("committed_db")
    @pytest.mark.parametrize("address", [one for one, (_, audience) in pages().items() if audience == Audience.ORDER])
    def test_of_an_order_are_not_opened_by_the_token_of_another(self, stranger: Client, address: str) -> None:
        make_product()
        mine, other = place_one(ask(key="mine")), place_one(ask(key="other"))
        path = filled(address).replace(VALUES["number"], other.number)

        for method in pages()[address][0]:
            own, strange = (
                stranger.generic(method, f"{path}?access_token={one.access_token}") for one in (other, mine)
            )

            assert strange.status_code == 404
            if "payments" not in address:
                assert own.status_code in (200, 302, 303, 422)

    @pytest.mark.django_db
    @pytest.mark.parametrize("address", list(pages()))
    def test_take_nothing_that_another_site_sends(self, address: str) -> None:
        client = Client(enforce_csrf_checks=True)
        foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}

        answers = {method: client.generic(method, filled(address), headers=foreign).status_code for method in UNSAFE}

        # What a page does not take at all it need not look at.
        taken = {method for method in UNSAFE if method in pages()[address][0]}
        assert {method for method, status in answers.items() if status not in (403, 405)} == set()
        assert all(answers[method] == 403 for method in taken)


class TestApi:
    def test_is_documented_whole(self, document: Document) -> None:
        text = (ROOT / "docs" / "reference" / "access.md").read_text(encoding="utf-8")
        told = set(re.findall(r"`((?:GET|POST|PUT|DELETE|PATCH) /api/v1/[^`]+)`", text))

        assert told == {
            f"{method.upper()} {path}" for path, methods in document.told["paths"].items() for method in methods
        }


class TestAudience:
    def test_is_asked_of_every_page_before_the_shop_starts(self) -> None:
        from django.urls import include, path

        def page(_request: HttpRequest) -> HttpResponse:
            """A page that nobody thought about."""
            return HttpResponse()

        with pytest.raises(AudienceMissing, match=r"/some/page .*test_access.*page.* does not say who may use it"):
            require_audiences([path("some/", include([path("page", page)]))])

    def test_is_one(self) -> None:
        @open_to(Audience.ORDER)
        def page() -> None:
            """A page for one audience."""

        with pytest.raises(AudienceMissing):
            open_to(Audience.ANYBODY)(page)
