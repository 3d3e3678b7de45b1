"""Who is looking: read once and only when asked for, kept in cookies that nobody else can plant or read."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from evertill.domains import identity
from evertill.entry.pages import visitor as visitors
from evertill.journeys import sign_up
from evertill.journeys.begin_session import SignedIn, Visit
from evertill.journeys.manage_sessions import resume_session
from evertill.kernel import clock, config, db

pytestmark = pytest.mark.usefixtures("committed_db")

VISIT = Visit(caller="203.0.113.7", device="Firefox", place="", browser="", language="en")


@pytest.fixture
def signed() -> SignedIn:
    with db.write():
        return sign_up.open_by_passkey(account_id=17, display_name="Ada", visit=VISIT, now=clock.now())


def request(**cookies: str) -> HttpRequest:
    made = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT="Firefox/1 Linux")
    made.COOKIES.update(cookies)
    return made


def through(asked: HttpRequest, view: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    return visitors.follow_visitor(view)(asked)


def asking(made: HttpRequest) -> HttpResponse:
    found = visitors.visitor(made)
    assert visitors.visitor(made) is found
    answer = HttpResponse(str(found.account_id if found else "nobody"))
    answer["Cache-Control"] = "public"
    return answer


class TestVisitor:
    def test_is_who_holds_the_cookie_and_is_read_once(self, signed: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
        reads = []

        def resume(*, secret: str, now: dt.datetime) -> identity.Session | None:
            reads.append(secret)
            return resume_session(secret=secret, now=now)

        monkeypatch.setattr(visitors, "resume_session", resume)

        answer = through(request(session=signed.session_secret), asking)

        assert (answer.content, reads) == (b"17", [signed.session_secret])
        assert (answer["Cache-Control"], answer["Vary"]) == ("no-store", "Cookie")
        assert not answer.cookies

    def test_is_nobody_without_a_cookie_and_then_nothing_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(visitors, "resume_session", pytest.fail)

        answer = through(request(), asking)

        assert answer.content == b"nobody"
        assert (answer["Cache-Control"], answer["Vary"]) == ("public", "Cookie")

    def test_is_not_read_by_a_page_that_does_not_ask(self, signed: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(visitors, "resume_session", pytest.fail)

        answer = through(request(session=signed.session_secret), lambda _made: HttpResponse("page"))

        assert "Vary" not in answer
        assert "Cache-Control" not in answer

    def test_is_nobody_once_the_session_ended_and_the_cookie_goes(self, signed: SignedIn) -> None:
        with db.write():
            identity.sessions.end(account_id=17, session_id=signed.session.id, why="test", now=clock.now())

        answer = through(request(session=signed.session_secret), asking)

        assert answer.content == b"nobody"
        assert (answer.cookies["session"].value, answer.cookies["session"]["max-age"]) == ("", 0)

    @pytest.mark.parametrize("secret", ["x", "evs_" + "A" * 43, "x" * 10_000, "\u4e2d"])
    def test_is_nobody_with_a_secret_that_was_made_up(self, secret: str) -> None:
        assert through(request(session=secret), asking).content == b"nobody"


class TestCookies:
    def test_keep_a_session_and_the_browser_and_drop_the_attempt(self, signed: SignedIn) -> None:
        answer = visitors.signed_in(request(attempt="x"), HttpResponse(), signed)

        kept = {name: (morsel.value, morsel["max-age"]) for name, morsel in answer.cookies.items()}
        assert kept == {
            "session": (signed.session_secret, 720 * 3600),
            "browser": (signed.browser_secret, 400 * 86400),
            "attempt": ("", 0),
        }
        for morsel in (answer.cookies["session"], answer.cookies["browser"]):
            assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["secure"], morsel["domain"]) == (
                *(True, "Lax", "/", "", ""),
            )

    def test_are_bound_to_the_host_where_the_shop_speaks_tls(
        self, signed: SignedIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        public = dataclasses.replace(config.get(), public_url="https://shop.example")
        monkeypatch.setattr(config, "get", lambda: public)

        answer = visitors.signed_in(request(), HttpResponse(), signed)

        assert sorted(answer.cookies) == ["__Host-attempt", "__Host-browser", "__Host-session"]
        assert all(morsel["secure"] is True for morsel in answer.cookies.values())
        # A cookie of the plain name, which anybody on the way can plant, is not looked at.
        assert visitors.visitor(request(session=signed.session_secret)) is None
        assert visitors.visitor(request(**{"__Host-session": signed.session_secret})) is not None

    def test_go_when_one_signs_out(self, signed: SignedIn) -> None:
        made = request(session=signed.session_secret)

        answer = through(made, lambda asked: visitors.signed_out(asked, HttpResponse()))

        assert {name: morsel["max-age"] for name, morsel in answer.cookies.items()} == {"session": 0}
        assert visitors.visitor(made) is None

    def test_of_an_attempt_last_a_quarter_of_an_hour(self) -> None:
        answer = visitors.keep_attempt(HttpResponse(), "eva_x")

        assert (answer.cookies["attempt"].value, answer.cookies["attempt"]["max-age"]) == ("eva_x", 900)
        assert visitors.attempt(request(attempt="eva_x")) == "eva_x"


class TestVisit:
    def test_says_who_asks_from_where(self, signed: SignedIn) -> None:
        made = request(session=signed.session_secret, browser="evb_x")

        visit = visitors.visit(made)

        assert (visit.caller, visit.device, visit.place, visit.browser) == (
            "203.0.113.7",
            "Firefox on Linux",
            "203.0.0.0/16",
            "evb_x",
        )
        assert visit.session is not None
        assert visit.session.id == signed.session.id
