"""The desk's frame: who comes in, what the menu shows, what is told and recorded when somebody may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from evertill.domains import trail
from evertill.domains.access import PERMISSIONS, Permission
from evertill.domains.approvals import ApprovalRequired
from evertill.domains.trail import Search
from evertill.entry.desk.folders import DESK, room_names
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.rooms import rooms
from evertill.entry.pages.audience import Audience, audience_of, routes
from evertill.journeys.enter_desk import Entered
from evertill.journeys.step_up import StepUpRequired
from evertill.kernel import db
from evertill.kernel.versions import ChangedMeanwhile
from tests.desk.clerks import OWN, Clerk, clerk, signed_in, text_of
from tests.kernel.waiting import until

pytestmark = pytest.mark.usefixtures("committed_db")


def refusals() -> list[tuple[str, str, str]]:
    found = trail.read_records(search=Search(outcome="REFUSED"), limit=10)
    return [(one.actor_kind, one.operation, one.subject_id) for one in found]


class TestDoor:
    def test_leads_a_stranger_to_sign_in_and_back(self) -> None:
        answer: Any = Client().get("/en/desk/me/")

        assert answer.status_code == 303
        assert answer.headers["Location"] == "/en/account/sign-in?next=%2Fdesk%2Fme%2F"

    def test_is_shut_for_customers_and_tells_nothing_and_is_recorded(self) -> None:
        answer = signed_in().get("me/")

        assert answer.status_code == 403
        assert "Permission" not in text_of(answer)
        assert 'class="menu"' not in answer.content.decode()
        assert refusals() == [("CUSTOMER", "own.account", "desk:me:index")]

    def test_leads_staff_to_the_first_room_that_they_may_open(self) -> None:
        answer = clerk().get("")

        assert answer.status_code == 303
        assert answer.headers["Location"] == "/en/desk/me/"

    def test_keeps_its_pages_to_itself(self) -> None:
        answer = clerk().get("me/")

        assert answer.headers["Cache-Control"] == "no-store"
        assert "nonce-" in answer.headers["Content-Security-Policy"]


class TestRooms:
    def test_are_found_by_their_folders(self) -> None:
        assert set(rooms()) == set(room_names())
        assert all(room.name == name for name, room in rooms().items())

    @pytest.mark.parametrize("name", room_names())
    def test_say_of_each_view_who_may_open_it_and_how(self, name: str) -> None:
        views: list[Any] = [route.callback for _, route in routes(list(rooms()[name].urls))]

        assert all(audience_of(view) is Audience.STAFF for view in views)
        assert all(view.permission in Permission for view in views)
        assert all(set(view.methods) <= {"GET", "POST"} for view in views)

    @pytest.mark.parametrize("name", room_names())
    def test_do_not_know_each_other(self, name: str) -> None:
        others = "|".join(other for other in room_names() if other != name) or "no other"
        known = [
            path.name
            for path in (DESK / name).rglob("*.py")
            if re.search(rf"evertill\.entry\.desk\.({others})\b", path.read_text(encoding="utf-8"))
        ]

        assert known == []

    def test_stand_in_the_menu_of_whoever_may_open_them(self) -> None:
        by_role = {role: clerk(role).get("me/").content.decode() for role in ("support", "auditor", "owner")}

        for page, held in ((page, clerk(role).asker.read_holder().permissions) for role, page in by_role.items()):
            shown = set(re.findall(r'<li><a href="/en/desk/(\w+)/"', page))
            assert shown == {name for name, room in rooms().items() if room.permission in held}


class TestMe:
    def test_says_what_the_roles_allow(self) -> None:
        shown = text_of(clerk("support").get("me/"))

        assert PERMISSIONS[Permission.ORDERS_REFUND].says in shown
        assert "With another person" in shown
        assert PERMISSIONS[Permission.ACCESS_GRANT].says not in shown

    def test_says_it_in_chinese(self) -> None:
        shown = text_of(clerk("support").get("me/", language="zh-hans"))

        assert "客服" in shown
        assert "取消任何未支付的订单。" in shown


@pytest.fixture
def opened() -> Any:
    """What a view of the desk answers that raises, for somebody who works here."""

    def ask(raised: Exception, *, who: Clerk | None = None, **fields: Any) -> HttpResponse:
        @desk_view(Permission.OWN_ACCOUNT, methods=("GET", "POST"))
        def view(request: HttpRequest, _entered: Entered) -> HttpResponse:
            if reason := asks(request):
                return HttpResponse(f"asked because {reason}")
            raise raised

        request: Any = RequestFactory().post("/desk/me/", fields, headers=OWN)
        request.COOKIES["session"] = (who or clerk()).browser.cookies["session"].value
        request.resolver_match = path("x", view).resolve("x")
        answer: Any = view(request)
        return answer

    return ask


class TestFailures:
    def test_offer_to_ask_another_person_with_the_form_as_it_was(self, opened: Any) -> None:
        error = ApprovalRequired("Somebody else has to approve this.")

        answer = opened(error, amount="12.50", sku=["a", "b"])

        shown = answer.content.decode()
        assert '<input type="hidden" name="amount" value="12.50">' in shown
        assert shown.count('name="sku"') == 2
        assert 'name="why_ask"' in shown
        assert opened(error, amount="12.50", ask="1", why_ask="a gift").content == b"asked because a gift"

    def test_lead_to_a_proof_and_carry_the_form_there(self, opened: Any) -> None:
        error = StepUpRequired("Prove it.", operation="access.grant", subject="account:7")

        answer = opened(error, role="support")

        assert answer.status_code == 303
        assert "/account/prove?errand=" in answer.headers["Location"]

    def test_do_not_carry_a_form_that_is_too_long(self, opened: Any) -> None:
        error = StepUpRequired("Prove it.", operation="access.grant", subject="account:7")

        answer = opened(error, role="x" * 5000)

        assert answer.status_code == 403
        assert "prove once more" in text_of(answer)

    def test_say_what_happened_and_what_was_kept(self, opened: Any) -> None:
        answer = opened(ChangedMeanwhile("The price was changed."))

        assert answer.status_code == 409
        assert "What the other person changed stands, and yours was not applied." in text_of(answer)


class TestDatabaseAway:
    """Who meets it stays at the desk: its look, his language, what happened, what was kept, and what to do."""

    @pytest.fixture
    def away(self) -> Iterator[Clerk]:
        """Somebody of the staff, whose shop's database does not answer."""
        sue, port = clerk("support"), connection.settings_dict["PORT"]
        connection.close()
        connection.settings_dict["PORT"] = "1"
        yield sue
        connection.close()
        connection.settings_dict["PORT"] = port

    def test_shows_a_page_of_the_desk_that_tries_again(self, away: Clerk) -> None:
        answer = away.get("orders/")

        page = answer.content.decode()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.headers["Cache-Control"] == "no-store"
        assert '<body class="desk">' in page
        assert '<meta http-equiv="refresh" content="5">' in page
        assert "/shop" not in page
        assert "The database does not answer." in text_of(answer)
        assert "All that was confirmed before is safe." in text_of(answer)
        assert re.search(r"Reference: <strong>[0-9A-Z-]+</strong>", page)

    def test_says_it_in_chinese(self, away: Clerk) -> None:
        assert "数据库没有回应。" in text_of(away.get("orders/", language="zh-hans"))

    def test_leaves_a_form_to_be_sent_again(self, away: Clerk) -> None:
        answer = away.post("alerts/close", alert="1", why="x")

        assert answer.status_code == 503
        assert "http-equiv" not in answer.content.decode()
        assert "go back, and send the form again." in text_of(answer)


class TestWithoutAnAnswer:
    """What cannot be met is told in the desk's own frame and words, in the language of whoever asked."""

    @pytest.mark.parametrize(
        ("language", "title", "text"),
        [
            ("en", "There is nothing here", "The address is not quite right"),
            ("zh-hans", "这里什么也没有", "地址不完全正确"),
        ],
    )
    def test_an_address_without_a_page(self, language: str, title: str, text: str) -> None:
        inside = clerk("owner").get("trail/0000000000000/", language)
        outside: Any = Client().get(f"/{language}/desk/nothing/at/all")

        for answer in (inside, outside):
            assert answer.status_code == 404
            assert title in text_of(answer)
            assert text in text_of(answer)
            assert answer.headers["Cache-Control"] == "no-store"
        assert 'class="menu"' in inside.content.decode()
        assert 'class="menu"' not in outside.content.decode()

    def test_an_address_of_a_form_that_is_opened(self) -> None:
        answer = clerk("owner").get("tokens/issue")

        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        assert "This address takes a form, and nothing was done." in text_of(answer)

    def test_a_form_that_another_site_sends(self) -> None:
        strict = Client(enforce_csrf_checks=True)
        answer: Any = strict.post("/en/desk/tokens/issue", {"name": "till"}, headers={"Sec-Fetch-Site": "cross-site"})

        assert answer.status_code == 403
        assert "you have signed in anew since" in text_of(answer)

    def test_what_nobody_can_read(self) -> None:
        answer: Any = Client().get("/en/desk/orders/?q=%00")

        assert answer.status_code == 400
        assert "This address cannot be used" in text_of(answer)

    def test_a_failure_that_nobody_foresaw(self, monkeypatch: pytest.MonkeyPatch) -> None:
        owner = clerk("owner")
        owner.browser.raise_request_exception = False
        monkeypatch.setattr("evertill.journeys.read_trail.look_at_trail", lambda **_: 1 // 0)

        answer = owner.get("trail/")

        assert answer.status_code == 500
        assert "Something went wrong here" in text_of(answer)
        assert re.search("Reference: [0-9A-Z-]{15}", text_of(answer))


def test_nothing_is_left_open_by_a_page() -> None:
    clerk().get("me/")

    open_ones = (
        "select count(*) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()"
    )
    # A site that is up for other tests may be in the middle of something, but not for long.
    until(lambda: db.fetch(open_ones) == [(0,)], seconds=10)
