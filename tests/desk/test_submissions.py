"""The room of failed checkouts: who has one, and how an order is made of it, or from nothing, with consent."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from django.http import HttpResponse

from evertill.domains import orders, submissions, trail
from evertill.domains.submissions import Failed
from evertill.domains.trail import Search
from evertill.journeys import keep_submission as keeping
from evertill.kernel import clock, config, ids
from tests import tables
from tests.builders import ask, make_product
from tests.desk.clerks import Clerk, clerk, text_of
from tests.submitting import failed

pytestmark = pytest.mark.usefixtures("committed_db")

AGREED = {"how": "PHONE", "minutes_ago": "5", "note": "called back", "keep_h": "48", "agreed": "1"}


@pytest.fixture
def sue() -> Clerk:
    return clerk("support")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Failed:
    """Two TEA at 2.00, which cost 2.50 now."""
    mine = dataclasses.replace(config.get(), data=tmp_path)
    monkeypatch.setattr(config, "get", lambda: mine)
    make_product("TEA", pieces=5)
    one = failed(ask("his", {"TEA": 2}), price=200, at=clock.now())
    (number,) = ids.new_ids(1, now=clock.now())
    one = msgspec.structs.replace(one, id=number)
    assert keeping.keep_submission(failed=one, now=one.failed_at)
    return one


def path(one: Failed, rest: str = "") -> str:
    return f"submissions/{ids.to_number(one.id)}/{rest}"


def stand(one: Failed) -> str:
    found = submissions.find(submission_id=one.id)
    assert found is not None
    return found.state.value


class TestTheQueue:
    def test_shows_who_wanted_what_and_who_is_at_it(self, sue: Clerk, kept: Failed) -> None:
        sue.post(path(kept, "take"))

        shown = text_of(clerk("support").get("submissions/"))
        one = text_of(clerk("support").get(path(kept)))

        assert "ada@example.com" in shown
        assert "DATABASE_BUSY 2 £4.00 Open Ada" in shown
        assert f"Ada ({ids.to_number(sue.account_id)}) has it" in one
        assert "2 £2.00 £2.50 £4.00" in one

    def test_belongs_to_one_until_another_takes_it_over(self, sue: Clerk, kept: Failed) -> None:
        sue.post(path(kept, "take"))
        bob = clerk("support")

        assert bob.post(path(kept, "take")).status_code == 409
        assert bob.post(path(kept, "take"), over="1").status_code == 303
        assert "You have it." in text_of(bob.get(path(kept)))
        bob.post(path(kept, "drop"))
        assert "Take this one" in text_of(sue.get(path(kept)))

    def test_is_shown_but_not_worked_on_to_who_only_looks(self, kept: Failed) -> None:
        auditor = clerk("auditor")

        assert "Make the order" not in text_of(auditor.get(path(kept)))
        for what in ("take", "drop", "make", "discard"):
            assert auditor.post(path(kept, what), **AGREED).status_code == 403
        assert clerk().get("submissions/").status_code == 403
        assert stand(kept) == "OPEN"

    def test_is_closed_with_a_reason(self, sue: Clerk, kept: Failed) -> None:
        sue.post(path(kept, "discard"), why="wants it no more")

        assert stand(kept) == "CLOSED"
        assert "wants it no more" in text_of(sue.get(path(kept)))
        assert "No checkout has failed" in text_of(sue.get("submissions/"))
        assert ids.to_number(kept.id) in text_of(sue.get("submissions/?all=1"))

    def test_knows_no_other(self, sue: Clerk) -> None:
        assert sue.get("submissions/x/").status_code == 404
        assert sue.get(f"submissions/{ids.to_number(7)}/").status_code == 404

    def test_is_told_in_chinese(self, sue: Clerk, kept: Failed) -> None:
        assert "想要的商品，以及当时和现在的价格" in text_of(sue.get(path(kept), language="zh-hans"))


class TestMaking:
    def make(self, who: Clerk, kept: Failed, **changed: str) -> HttpResponse:
        return who.post(
            path(kept, "make"), **{"total_shown": "400", "total_now": "500", "prices": "shown"} | AGREED | changed
        )

    @pytest.mark.parametrize(("prices", "total"), [("shown", 400), ("now", 500)])
    def test_at_the_prices_that_were_agreed(self, sue: Clerk, kept: Failed, prices: str, total: int) -> None:
        answer = self.make(sue, kept, prices=prices)

        assert answer.headers["Location"].endswith("?done=made")
        found = submissions.find(submission_id=kept.id)
        assert found is not None
        assert found.order_id is not None
        assert orders.read_orders(order_ids=[found.order_id])[found.order_id].total == total
        (record,) = trail.read_records(search=Search(operation="orders.make"), limit=2)
        assert json.loads(record.after)["agreed_how"] == "PHONE"
        assert ids.to_number(found.order_id) in text_of(sue.get(path(kept)))

    @pytest.mark.parametrize("changed", [{"how": ""}, {"agreed": ""}, {"minutes_ago": "99999"}, {"minutes_ago": "x"}])
    def test_only_with_consent_and_keeps_what_was_typed(
        self, sue: Clerk, kept: Failed, changed: dict[str, str]
    ) -> None:
        answer = self.make(sue, kept, **changed)

        assert answer.status_code == 422
        assert 'value="called back"' in answer.content.decode()
        assert tables.count("orders_order") == 0

    def test_tells_that_prices_moved_once_more(self, sue: Clerk, kept: Failed) -> None:
        answer = self.make(sue, kept, prices="now", total_now="499")

        assert answer.status_code == 409
        assert "The prices are no longer those" in text_of(answer)
        assert tables.count("orders_order") == 0

    def test_twice_makes_one(self, sue: Clerk, kept: Failed) -> None:
        self.make(sue, kept)

        answer = self.make(sue, kept)

        assert answer.status_code == 409
        assert tables.count("orders_order") == 1


class TestFromNothing:
    FORM: ClassVar[dict[str, Any]] = {
        "lines": "TEA × 2\n",
        "currency": "gbp",
        "phone": "+8613800138000",
        "language": "zh-hans",
        "key": "of this page",
    }

    def test_looks_prices_up_then_makes_one_order(self, sue: Clerk) -> None:
        make_product("TEA", pieces=5)
        looked = sue.post("submissions/new", **self.FORM).content.decode()
        assert re.findall(r'name="total" value="(\d+)"', looked) == ["500"]
        assert tables.count("orders_order") == 0

        made, again = (sue.post("submissions/new", **self.FORM, **AGREED, total="500", make="1") for _ in range(2))

        assert "is made" in text_of(made)
        assert "is made" in text_of(again)
        assert tables.count("orders_order") == 1

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"lines": "TEA TEA TEA"}, "This line is not understood"),
            ({"lines": " "}, "Nothing is to be ordered."),
            ({"currency": "£"}, "This is no currency"),
            ({"phone": ""}, "Nobody could be told"),
            ({"phone": "12"}, "This is no telephone number."),
            ({"lines": "CUP"}, "Not for sale"),
        ],
    )
    def test_says_what_is_not_understood(self, sue: Clerk, changed: dict[str, str], told: str) -> None:
        make_product("TEA")

        assert told in text_of(sue.post("submissions/new", **self.FORM | changed))

    def test_is_for_who_may(self) -> None:
        assert clerk("fulfilment").get("submissions/new").status_code == 403
