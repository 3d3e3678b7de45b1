"""Who may use each page: as docs/reference/access.md says, tried with every method as somebody who may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from django.test import Client
from django.urls import get_resolver

from evertill.entry.shop.audience import Audience, AudienceMissing, audience_of, open_to, require_audiences, routes
from tests.builders import ask, make_product, place_one
from tests.contracts.truth import Document
from tests.kernel.waiting import ROOT

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# What a browser says of a form that the shop's own page sends, and of one that another site's sends.
OWN, FOREIGN = {"HTTP_SEC_FETCH_SITE": "same-origin"}, {"HTTP_SEC_FETCH_SITE": "cross-site"}
# In place of what addresses leave open: well formed, and nobody's.
VALUES = {"number": "0E9W-9MHZ-4G9XQ", "payment": "0E9W-9MHZ-4G9XQ", "slug": "tea", "code": "en"}


def pages() -> dict[str, tuple[frozenset[str], str]]:
    """What the documentation says: by address the methods, HEAD being a GET, and the audience."""
    text = (ROOT / "docs" / "reference" / "access.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \| (\w+) \|$", text, re.MULTILINE)
    return {
        address: (frozenset(methods.split(", ")) | ({"HEAD"} if "GET" in methods.split(", ") else set()), audience)
        for address, methods, audience in rows
    }


@cache
def real() -> dict[str, Audience | None]:
    """What the code has: by address the audience."""
    return {f"/{address}": audience_of(route.callback) for address, route in routes(get_resolver().url_patterns)}


def filled(address: str) -> str:
    return "/en" + re.sub(r"<\w+:(\w+)>", lambda found: VALUES[found.group(1)], address)


def asked() -> Iterator[tuple[str, str]]:
    for address in pages():
        for method in METHODS:
            yield address, method


@pytest.fixture
def stranger() -> Client:
    """Somebody without any cookie, by Django's own client: the fixture `client` of these tests is another."""
    return Client()


class TestPages:
    def test_are_all_documented_with_their_audience(self) -> None:
        assert {address: audience for address, (_, audience) in pages().items()} == real()

    @pytest.mark.django_db
    @pytest.mark.parametrize(("address", "method"), list(asked()))
    def test_answer_a_stranger_as_their_audience_says(self, stranger: Client, address: str, method: str) -> None:
        methods, audience = pages()[address]

        answer = stranger.generic(method, filled(address), **OWN)

        if method not in methods:
            assert answer.status_code == 405
        elif audience == Audience.ANYBODY:
            # There is no such product and no such payment, and a form without fields is none.
            assert answer.status_code in (200, 302, 303, 404, 409)
        elif audience == Audience.ORDER:
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
    @pytest.mark.parametrize("method", UNSAFE)
    def test_take_nothing_that_another_site_sends(self, address: str, method: str) -> None:
        client = Client(enforce_csrf_checks=True)

        answer = client.generic(method, filled(address), HTTP_ORIGIN="https://evil.example", **FOREIGN)

        # What a page does not take at all it need not look at.
        assert answer.status_code == 403 or (answer.status_code, method in pages()[address][0]) == (405, False)


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

        def page() -> None:
            """A page that nobody thought about."""

        with pytest.raises(AudienceMissing, match="/some/page .*test_access.*page.* does not say who may use it"):
            require_audiences([path("some/", include([path("page", page)]))])

    def test_is_one(self) -> None:
        @open_to(Audience.ORDER)
        def page() -> None:
            """A page for one audience."""

        with pytest.raises(AudienceMissing):
            open_to(Audience.ANYBODY)(page)
