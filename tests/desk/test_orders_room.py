"""The rooms of orders, reviews and today: found, told, reviewed; each button for whoever may press it."""

from __future__ import annotations

import re

import pytest

from evertill.domains import orders
from evertill.journeys.answer_question import answer_question
from evertill.journeys.place_orders import Placed
from evertill.kernel import clock, db, ids
from tests.builders import ask, make_product, place
from tests.desk.clerks import Clerk, clerk, text_of

pytestmark = pytest.mark.usefixtures("committed_db")


def placed(key: str = "one") -> str:
    """An order, by its number."""
    make_product(f"TEA-{key}", pieces=10)
    (outcome,) = place(ask(key, {f"TEA-{key}": 1}), now=clock.now())
    assert isinstance(outcome, Placed)
    return ids.to_number(outcome.order.id)


def paid(key: str = "one") -> str:
    number = placed(key)
    order_id = ids.from_number(number)
    with db.write():
        orders.lock_order(order_id=order_id)
        orders.change_state(order_ids=[order_id], to=orders.State.PAID, actor="test", now=clock.now())
    return number


class TestList:
    def test_is_for_those_who_may_see_orders(self) -> None:
        assert clerk().get("orders/").status_code == 403
        assert clerk("support").get("orders/").status_code == 200

    def test_finds_an_order_by_its_number_however_it_is_written(self) -> None:
        number, other = placed("one"), placed("two")
        page = clerk("support").get(f"orders/?q={number.lower().replace('-', '')}").content.decode()

        assert f"/desk/orders/{number}/" in page
        assert other not in page

    def test_keeps_its_filters_in_the_address(self) -> None:
        number = placed()
        someone = clerk("support")

        assert number in text_of(someone.get("orders/?state=PLACED&currency=GBP&least=1&most=1000&since=2026-01-01"))
        none = someone.get("orders/?state=PAID&q=nobody")
        assert "No order fits this." in text_of(none)
        assert 'value="nobody"' in none.content.decode()

    def test_speaks_chinese(self) -> None:
        placed()

        page = text_of(clerk("support").get("orders/", language="zh-hans"))

        assert "等待付款" in page

    def test_ignores_what_cannot_be(self) -> None:
        page = clerk("support").get("orders/?state=LOST&since=never&least=%27&older=99999999999999999999&method=*")

        assert page.status_code == 200

    def test_cancels_many_by_a_bulk_that_is_looked_at_first(self) -> None:
        number = placed()

        answer = clerk("support").post("orders/many", order=number, operation="orders.cancel-many", why="test")

        assert answer.status_code == 303
        assert "/desk/bulk/" in answer["Location"]

    def test_is_taken_out_as_a_file_only_with_another_persons_leave(self) -> None:
        placed()
        someone = clerk("administrator")

        asked = someone.post("orders/export", form="csv", why="for the auditor")

        assert "Another person has to approve this" in text_of(asked)
        assert clerk("support").post("orders/export", form="csv", why="x").status_code == 403


class TestStory:
    def test_tells_who_bought_what_and_what_happened(self) -> None:
        number = paid()

        page = text_of(clerk("support").get(f"orders/{number}/"))

        assert "Ordered" in page
        assert "Paid: the goods are bought" in page
        assert "TEA-one" in page

    def test_keeps_a_note_that_is_told_in_the_story(self) -> None:
        number, someone = placed(), clerk("support")

        answer = someone.post(f"orders/{number}/note", text="Called; comes on Monday.")

        assert answer.status_code == 303
        page = text_of(someone.get(f"orders/{number}/?done=noted"))
        assert "Called; comes on Monday." in page
        assert "The note is kept with the order." in page

    def test_says_of_an_empty_note_that_it_says_nothing(self) -> None:
        number, someone = placed(), clerk("support")

        answer = someone.post(f"orders/{number}/note", text="  ")

        assert answer.status_code == 422
        assert "The note says nothing, or too much." in text_of(answer)

    def test_keeps_goods_here_and_lets_them_go(self) -> None:
        number, someone = paid(), clerk("fulfilment")

        someone.post(f"orders/{number}/hold", why="address is odd")
        assert "Its goods stay here" in text_of(someone.get(f"orders/{number}/"))
        someone.post(f"orders/{number}/release", why="all well")
        assert "Its goods stay here" not in text_of(someone.get(f"orders/{number}/"))

    def test_cancels_what_nobody_has_paid(self) -> None:
        number, someone = placed(), clerk("support")

        someone.post(f"orders/{number}/cancel", why="asked by phone")

        assert "Cancelled; the goods are back on sale" in text_of(someone.get(f"orders/{number}/"))
        again = someone.post(f"orders/{number}/cancel", why="asked by phone")
        assert again.status_code == 409

    def test_is_told_of_no_order_that_there_is_not(self) -> None:
        someone = clerk("support")

        assert someone.get("orders/0000-0000-00000/").status_code == 404
        assert someone.get("orders/nonsense/").status_code == 404


class TestReviews:
    def reviewed(self) -> tuple[str, Clerk]:
        number, someone = paid(), clerk("risk-reviewer")
        assert someone.post(f"orders/{number}/review", why="looks odd").status_code == 303
        return number, someone

    def test_are_taken_and_approved(self) -> None:
        number, someone = self.reviewed()
        assert number in text_of(someone.get("reviews/"))

        assert someone.post(f"reviews/{number}/take").status_code == 303
        assert "Approve" in text_of(someone.get(f"reviews/{number}/"))
        someone.post(f"reviews/{number}/decide", decision="APPROVE", why="known customer")

        page = text_of(someone.get(f"reviews/{number}/?done=approved"))
        assert "Approved: the goods may go." in page
        assert orders.find_holds(order_ids=[ids.from_number(number)]) == {}

    def test_tell_the_second_reviewer_who_has_it(self) -> None:
        number, someone = self.reviewed()
        other = clerk("risk-reviewer")
        someone.post(f"reviews/{number}/take")

        taken = other.post(f"reviews/{number}/take")
        assert taken.status_code == 409
        assert "Another person has this review." in text_of(taken)
        # They are both called Ada.
        name = f"Ada ({ids.to_number(someone.account_id)})"
        assert f"{name} has this review." in text_of(other.get(f"reviews/{number}/"))
        assert other.post(f"reviews/{number}/decide", decision="APPROVE", why="x").status_code == 409

    def test_ask_the_customer_and_show_what_he_answered(self) -> None:
        number, someone = self.reviewed()
        assert "Ask the customer" not in text_of(someone.get(f"reviews/{number}/"))
        someone.post(f"reviews/{number}/take")
        assert "Ask the customer" in text_of(someone.get(f"reviews/{number}/"))

        assert someone.post(f"reviews/{number}/ask", question="<b>Which</b> flat?").status_code == 303

        page = text_of(someone.get(f"reviews/{number}/?done=asked"))
        assert "The customer is asked." in page
        assert "Question &lt;b&gt;Which&lt;/b&gt; flat? Answer None yet" in page
        assert "The customer was asked" in text_of(someone.get("reviews/"))
        answer_question(order_id=ids.from_number(number), answer="The <i>third</i>.", actor="customer", now=clock.now())
        assert "Answer The &lt;i&gt;third&lt;/i&gt;." in text_of(someone.get(f"reviews/{number}/"))
        assert "The customer answered" in text_of(someone.get("reviews/"))
        story = text_of(clerk("support").get(f"orders/{number}/"))
        assert "The customer answered The &lt;i&gt;third&lt;/i&gt;." in story
        assert "Staff asked the customer" in story
        # Who only looked at the review did nothing.
        assert "orders.review" not in story

    def test_tell_why_a_question_is_not_asked(self) -> None:
        number, someone = self.reviewed()
        assert someone.post(f"reviews/{number}/ask", question="Which flat?").status_code == 409
        someone.post(f"reviews/{number}/take")

        empty = someone.post(f"reviews/{number}/ask", question=" ")

        assert empty.status_code == 422
        assert "The question is empty, or too long." in text_of(empty)
        assert clerk("support").post(f"reviews/{number}/ask", question="Which flat?").status_code == 403

    def test_are_for_reviewers_only(self) -> None:
        number, _someone = self.reviewed()
        for role in ("support", "fulfilment", "auditor"):
            assert clerk(role).get("reviews/").status_code == 403
            assert clerk(role).post(f"reviews/{number}/take").status_code == 403


class TestToday:
    def test_counts_what_came_and_what_waits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Whatever the hour is: at midnight what has just come would be of yesterday.
        noon = clock.now().replace(hour=12)
        monkeypatch.setattr(clock, "now", lambda: noon)
        placed("one")
        paid("two")

        page = clerk("owner").get("today/").content.decode()

        assert re.search(r"<span>Orders</span><strong>2</strong>", page)
        assert re.search(r"<span>Paid</span><strong>1</strong>", page)
        assert "/desk/reviews/" in page

    def test_shows_everybody_only_what_he_may_open(self) -> None:
        page = text_of(clerk("fulfilment").get("today/"))

        assert "Reviews" not in page
        assert "Payments under way" not in page
        assert "今天" in text_of(clerk("fulfilment").get("today/", language="zh-hans"))
