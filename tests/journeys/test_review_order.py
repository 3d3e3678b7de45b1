"""Orders that wait for a person: asked for, taken by one at a time, decided once, and their goods held until then."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from functools import partial

import pytest

from evertill.domains import incidents, messages, orders, payments, preferences, reviews, stock, trail
from evertill.domains.approvals import ApprovalRequired
from evertill.domains.payments import Capability
from evertill.domains.preferences import Name
from evertill.domains.reviews import (
    AnsweredAlready,
    NoQuestion,
    Question,
    Reason,
    ReviewEnded,
    ReviewHeld,
    ReviewNotTaken,
    State,
    TextUnfit,
    TooManyQuestions,
)
from evertill.journeys import decide_approvals, see_own
from evertill.journeys.answer_question import answer_question, view_question
from evertill.journeys.ask_review import ask_review, ask_review_as_staff
from evertill.journeys.audit_books import audit_books
from evertill.journeys.look_at_reviews import list_reviews, view_review
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.refund_again import refund_again
from evertill.journeys.review_order import (
    Decision,
    Reviewed,
    ReviewNotFound,
    ask_customer,
    ask_to_refuse,
    decide_review,
    take_review,
)
from evertill.journeys.settle_disputes import settle_disputes
from evertill.journeys.tell_story import tell_story
from evertill.kernel import db, ids
from evertill.kernel.money import Money
from tests.askers import MACHINE, staff
from tests.builders import NOON, ask, make_product, place_one
from tests.disputing import tell
from tests.paying import placed_order, refund, settle, start
from tests.threads import together
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")

SOON = NOON + dt.timedelta(minutes=5)


def reviewed(sku: str = "TEA") -> int:
    """An order that waits for review."""
    order_id = placed_order(sku).order.id
    with db.write():
        ask_review(order_id=order_id, reason=Reason.RISK, details=["score 91"], actor="CLOCK:risk", now=NOON)
    return order_id


def held(order_id: int) -> list[str]:
    return [hold.reason for hold in orders.find_holds(order_ids=[order_id]).get(order_id, ())]


class TestAsk:
    def test_holds_the_goods_and_opens_one_review_for_several_reasons(self) -> None:
        order_id = reviewed()
        with db.write():
            again = ask_review(order_id=order_id, reason=Reason.AMOUNT, details=(), actor="CLOCK:review", now=SOON)

        assert again.reasons == ("RISK", "AMOUNT")
        assert held(order_id) == ["REVIEW"]
        assert reviews.count_waiting().count == 1
        assert audit_books() == []

    def test_is_what_staff_may_do_too_and_is_on_record(self) -> None:
        order_id = placed_order().order.id

        ask_review_as_staff(asker=staff(7, "support"), order_id=order_id, why="odd", now=NOON)

        assert held(order_id) == ["REVIEW"]
        (record,) = trail.read_records(search=trail.Search(operation="orders.ask_review"), limit=9)
        assert (record.actor_id, record.why) == ("7", "odd")
        with pytest.raises(Forbidden):
            ask_review_as_staff(asker=staff(8), order_id=order_id, why="odd", now=NOON)

    @pytest.mark.parametrize(("least", "expected"), [(251, []), (250, ["REVIEW"]), (0, [])])
    def test_is_done_by_the_shop_above_an_amount_when_the_order_is_paid(self, least: int, expected: list[str]) -> None:
        with db.write():
            preferences.set_value(name=Name.REVIEW_FROM, value=least, by="OPERATOR:root", why="", now=NOON)
        twin = Twin()
        payments.register(twin)
        order = placed_order()
        intent = start(order)
        twin.pay(intent)

        settle(intent)

        assert held(order.order.id) == expected
        assert (order.order.id in orders.ready_to_fulfil(order_ids=[order.order.id])) is not bool(expected)
        payments.register()


@pytest.fixture
def twin() -> Iterator[Twin]:
    provider = Twin(capabilities=Capability.PAGE | Capability.PARTIAL_REFUND | Capability.DISPUTES)
    payments.register(provider)
    yield provider
    assert audit_books() == []
    payments.register()


def paid(twin: Twin) -> tuple[int, payments.Intent, Asker]:
    """An order that is paid and waits for review, taken by ada."""
    order = placed_order()
    intent = start(order)
    twin.pay(intent)
    settle(intent)
    order_id = order.order.id
    with db.write():
        ask_review(order_id=order_id, reason=Reason.RISK, details=(), actor="CLOCK:risk", now=NOON)
    ada = staff(7, "risk-reviewer")
    take_review(asker=ada, order_id=order_id, now=NOON)
    return order_id, intent, ada


def refuse(order_id: int, *, by: Asker, restock: bool = False, why: str = "stolen card") -> Reviewed:
    return decide_review(asker=by, order_id=order_id, decision=Decision.REFUSE, why=why, restock=restock, now=SOON)


class TestRefuse:
    def test_gives_back_what_was_paid_in_the_same_step_and_keeps_the_goods(self, twin: Twin) -> None:
        order_id, _intent, ada = paid(twin)
        seen = view_review(asker=ada, order_id=order_id, now=SOON)
        assert (seen.refusing, seen.takes_two) == (Money(amount=250, currency="GBP"), False)

        done = refuse(order_id, by=ada, restock=True)

        assert done.refund is not None
        assert (done.refund.amount, done.refund.state.value, done.refund.reason) == (250, "SUCCEEDED", "stolen card")
        assert (done.order.state, done.review.state) == (orders.State.REFUNDED, State.REFUSED)
        assert held(order_id) == ["REVIEW"]
        assert sum(twin.refunds.values()) == 250
        assert stock.read_items(skus=["TEA"])["TEA"].on_hand == 10
        (record,) = trail.read_records(search=trail.Search(operation="orders.refuse_review"), limit=9)
        assert json.loads(record.after) == {
            "state": "REFUSED",
            "refund": done.refund.number,
            "amount": 250,
            "currency": "GBP",
        }

    def test_takes_another_person_above_the_limit_of_refunds(self, twin: Twin) -> None:
        with db.write():
            preferences.set_value(name=Name.REFUND_ALONE_MAX, value=249, by="OPERATOR:root", why="", now=NOON)
        order_id, _intent, ada = paid(twin)
        bob = staff(8, "finance")
        assert view_review(asker=ada, order_id=order_id, now=SOON).takes_two
        with pytest.raises(ApprovalRequired):
            refuse(order_id, by=ada)
        assert (twin.refunds, held(order_id)) == ({}, ["REVIEW"])

        asked = ask_to_refuse(asker=ada, order_id=order_id, why="stolen card", why_ask="look", now=SOON)
        decide_approvals.decide(asker=bob, approval_id=asked.id, is_approved=True, why="", now=SOON)
        with pytest.raises(ApprovalRequired):
            # Another reason was approved.
            refuse(order_id, by=ada, why="something else")
        done = refuse(order_id, by=ada)

        assert done.order.state is orders.State.REFUNDED
        (record,) = trail.read_records(search=trail.Search(operation="orders.refuse_review"), limit=9)
        assert json.loads(record.after)["approved_by"] == "STAFF:8"

    def test_gives_back_once_when_two_refuse_at_once(self, twin: Twin) -> None:
        order_id, _intent, ada = paid(twin)

        def once() -> str:
            try:
                return refuse(order_id, by=ada).review.state.value
            except ReviewEnded as ended:
                return ended.code

        assert sorted(together(once, once)) == ["REFUSED", "REVIEW_ENDED"]
        assert sum(twin.refunds.values()) == 250

    def test_leaves_what_the_provider_refuses_to_somebody(self, twin: Twin) -> None:
        order_id, _intent, ada = paid(twin)
        twin.refuses.add("refund")

        done = refuse(order_id, by=ada)

        assert done.refund is not None
        assert (done.refund.state.value, done.order.state) == ("FAILED", orders.State.PAID)
        assert [alert.kind for alert in incidents.read_open_alerts(limit=9)] == ["REFUND_REFUSED"]
        assert orders.ready_to_fulfil(order_ids=[order_id]) == set()

    def test_gives_nothing_back_of_what_went_back_before(self, twin: Twin) -> None:
        order_id, intent, ada = paid(twin)
        refund(intent, 250)

        done = refuse(order_id, by=ada)

        assert (done.refund, done.review.state) == (None, State.REFUSED)
        assert sum(twin.refunds.values()) == 250


def waiting() -> list[tuple[tuple[str, ...], str]]:
    return [(one.reasons, one.state.value) for one in reviews.read_waiting(limit=9)]


def end(order_id: int, state: orders.State) -> None:
    """An order that has ended without money, and let its goods go."""
    with db.write():
        orders.change_state(order_ids=[order_id], to=state, actor="CLOCK:expiry", now=NOON)
        stock.release(pieces={order_id: {"TEA": 1}}, now=NOON)


class TestMoney:
    """What only staff can judge of money that came late, bought nothing, or is disputed."""

    @pytest.mark.parametrize(
        ("ended", "expected", "holds"),
        [(orders.State.CANCELLED, "CANCELLED", ["REVIEW"]), (orders.State.EXPIRED, "LATE", [])],
    )
    def test_that_came_after_the_end_is_looked_at_and_waits_only_where_it_was_cancelled(
        self, twin: Twin, ended: orders.State, expected: str, holds: list[str]
    ) -> None:
        order = placed_order()
        intent = start(order)
        end(order.order.id, ended)
        twin.pay(intent)

        together(lambda: settle(intent), lambda: settle(intent))
        settle(intent)

        assert waiting() == [((expected,), "WAITING")]
        assert held(order.order.id) == holds
        seen = view_review(asker=staff(7, "risk-reviewer"), order_id=order.order.id, now=SOON)
        assert seen.review.detail == f"Payment {intent.number} of 2.50 GBP: it came late, and bought the order."
        assert seen.refusing == Money(amount=250, currency="GBP")

    def test_that_bought_nothing_is_looked_at_until_it_has_gone_back(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent, amount=249)
        twin.refuses.add("refund")
        settle(intent)

        assert waiting() == [(("MONEY",), "WAITING")]
        # It may still be paid in full, and nothing of that waits.
        assert held(order.order.id) == []
        (failed,) = payments.find_order_refunds(order_id=order.order.id, limit=9)
        twin.refuses.clear()
        refund_again(refund_id=failed.id, asker=MACHINE, now=SOON)

        assert waiting() == []
        (review,) = reviews.read_of_order(order_id=order.order.id)
        assert review.state is State.GONE

    def test_that_went_back_by_itself_leaves_nothing_to_do(self, twin: Twin) -> None:
        order = placed_order()
        intent, second = start(order), start(order, key="pay-2")
        twin.pay(intent)
        twin.pay(second)
        settle(intent)
        settle(second)

        assert waiting() == []
        assert [one.state for one in reviews.read_of_order(order_id=order.order.id)] == [State.GONE]

    def test_that_is_disputed_is_looked_at_until_the_dispute_is_won(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent)
        settle(intent)
        tell(twin, intent)
        for _ in range(2):
            settle_disputes(intent_id=intent.id, actor="webhook", now=SOON)

        assert waiting() == [(("DISPUTE",), "WAITING")]
        assert held(order.order.id) == ["DISPUTE_OPEN"]
        seen = view_review(asker=staff(7, "risk-reviewer"), order_id=order.order.id, now=SOON)
        assert ([one.state.value for one in seen.disputes], seen.refusing) == (["OPENED"], None)
        tell(twin, intent, "WON")
        settle_disputes(intent_id=intent.id, actor="webhook", now=SOON)

        assert (waiting(), held(order.order.id)) == ([], [])

    def test_that_a_dispute_took_for_good_waits_for_somebody_who_has_seen_it(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent)
        settle(intent)
        tell(twin, intent, "LOST")
        settle_disputes(intent_id=intent.id, actor="webhook", now=SOON)
        ada = staff(7, "risk-reviewer")
        take_review(asker=ada, order_id=order.order.id, now=SOON)

        decide_review(asker=ada, order_id=order.order.id, decision=Decision.APPROVE, why="seen", now=SOON)

        # Nobody lets the goods go of what was lost.
        assert (waiting(), held(order.order.id)) == ([], ["DISPUTE_LOST"])


class TestDecide:
    def test_lets_the_goods_go_when_it_is_approved(self) -> None:
        order_id, ada = reviewed(), staff(7, "risk-reviewer")
        take_review(asker=ada, order_id=order_id, now=NOON)

        done = decide_review(asker=ada, order_id=order_id, decision=Decision.APPROVE, why="known", now=SOON)

        assert (done.review.state, done.review.taken_by, held(order_id)) == (State.APPROVED, "STAFF:7", [])
        assert [move.state for move in reviews.read_moves(review_id=done.review.id, limit=9)] == [
            State.WAITING,
            State.TAKEN,
            State.APPROVED,
        ]
        assert audit_books() == []

    def test_cancels_what_nobody_has_paid_when_it_is_refused(self) -> None:
        order_id, ada = reviewed(), staff(7, "risk-reviewer")
        take_review(asker=ada, order_id=order_id, now=NOON)

        done = decide_review(asker=ada, order_id=order_id, decision=Decision.REFUSE, why="stolen card", now=SOON)

        assert (done.order.state, done.refund, held(order_id)) == (orders.State.CANCELLED, None, ["REVIEW"])
        assert stock.read_items(skus=["TEA"])["TEA"].reserved == 0
        assert audit_books() == []

    def test_is_for_who_has_it_and_only_as_long(self) -> None:
        order_id, ada, bob = reviewed(), staff(7, "risk-reviewer"), staff(8, "risk-reviewer")
        with pytest.raises(ReviewNotTaken):
            decide_review(asker=ada, order_id=order_id, decision=Decision.APPROVE, why="", now=NOON)
        take_review(asker=ada, order_id=order_id, now=NOON)
        with pytest.raises(ReviewHeld) as told:
            take_review(asker=bob, order_id=order_id, now=SOON)
        assert told.value.facts["by"] == "STAFF:7"
        with pytest.raises(ReviewHeld):
            decide_review(asker=bob, order_id=order_id, decision=Decision.APPROVE, why="", now=SOON)

        later = NOON + dt.timedelta(minutes=16)
        with pytest.raises(ReviewNotTaken):
            decide_review(asker=ada, order_id=order_id, decision=Decision.APPROVE, why="", now=later)
        assert take_review(asker=bob, order_id=order_id, now=later).review.taken_by == "STAFF:8"

    def test_happens_once(self) -> None:
        order_id, ada = reviewed(), staff(7, "risk-reviewer")
        take_review(asker=ada, order_id=order_id, now=NOON)
        decide_review(asker=ada, order_id=order_id, decision=Decision.APPROVE, why="", now=NOON)

        with pytest.raises(ReviewEnded):
            take_review(asker=ada, order_id=order_id, now=SOON)

    def test_can_be_given_back(self) -> None:
        order_id, ada, bob = reviewed(), staff(7, "risk-reviewer"), staff(8, "risk-reviewer")
        take_review(asker=ada, order_id=order_id, now=NOON)
        decide_review(asker=ada, order_id=order_id, decision=Decision.GIVE_BACK, why="busy", now=NOON)

        assert take_review(asker=bob, order_id=order_id, now=SOON).review.taken_by == "STAFF:8"

    def test_is_refused_to_who_may_not_and_for_ones_own_order(self) -> None:
        order_id = reviewed()
        with pytest.raises(Forbidden):
            take_review(asker=staff(7, "support"), order_id=order_id, now=NOON)
        own = staff(8, "risk-reviewer")
        db.execute("update orders_order set account_id = 8 where id = %s", (order_id,))
        with pytest.raises(Forbidden):
            take_review(asker=own, order_id=order_id, now=NOON)
        with pytest.raises(ReviewNotFound):
            take_review(asker=staff(9, "risk-reviewer"), order_id=placed_order("MUG").order.id, now=NOON)


def asked(order_id: int, question: str = "Is it a present?", *, by: Asker | None = None) -> Reviewed:
    """A reviewer takes an order and asks its customer."""
    someone = by or staff(7, "risk-reviewer")
    take_review(asker=someone, order_id=order_id, now=NOON)
    return ask_customer(asker=someone, order_id=order_id, question=question, now=NOON)


def say(order_id: int, answer: str, *, now: dt.datetime = SOON) -> None:
    answer_question(order_id=order_id, answer=answer, actor="customer", now=now)


class TestAskTheCustomer:
    def test_waits_for_him_and_tells_him_that_there_is_a_question(self) -> None:
        order_id = reviewed()

        done = asked(order_id, "Is it\r\na present? ")

        assert (done.review.state, done.review.question, done.review.answer) == (State.ASKED, "Is it\na present?", "")
        assert done.review.holder(SOON) == ""
        assert view_question(order_id=order_id) == Question(text="Is it\na present?", answer="")
        number = ids.to_number(order_id)
        (told,) = messages.find_all(keys=[f"asked:{number}:1"])
        order = orders.read_orders(order_ids=[order_id])[order_id]
        assert (told.kind, told.to, told.order_id) == ("QUESTION_ASKED", order.email, order_id)
        assert "present" not in str(told.facts)
        (record,) = trail.read_records(search=trail.Search(operation="orders.ask_customer"), limit=9)
        assert (record.actor_id, record.subject_id, record.after) == ("7", number, '{"state":"ASKED"}')
        assert held(order_id) == ["REVIEW"]
        assert audit_books() == []

    def test_is_for_who_has_the_review_and_says_something_short(self) -> None:
        order_id, ada = reviewed(), staff(7, "risk-reviewer")
        with pytest.raises(ReviewNotTaken):
            ask_customer(asker=ada, order_id=order_id, question="Why?", now=NOON)
        with pytest.raises(Forbidden):
            ask_customer(asker=staff(9, "support"), order_id=order_id, question="Why?", now=NOON)
        take_review(asker=ada, order_id=order_id, now=NOON)
        for unfit in ("", " \r\n", "x" * 501, "a\0b"):
            with pytest.raises(TextUnfit):
                ask_customer(asker=ada, order_id=order_id, question=unfit, now=NOON)

        assert view_question(order_id=order_id) is None
        assert messages.find_all(keys=[f"asked:{ids.to_number(order_id)}:1"]) == []

    def test_is_answered_once_and_the_review_waits_again(self) -> None:
        order_id = reviewed()
        asked(order_id)

        say(order_id, "No, <b>mine</b>.\r\n")
        say(order_id, "No, <b>mine</b>.")
        with pytest.raises(AnsweredAlready):
            say(order_id, "Yes.")

        (review,) = reviews.read_of_order(order_id=order_id)
        assert (review.state, review.answer, review.taken_by) == (State.WAITING, "No, <b>mine</b>.", "STAFF:7")
        moves = reviews.read_moves(review_id=review.id, limit=9)
        assert [(move.state, move.actor) for move in moves][2:] == [
            (State.ASKED, "STAFF:7"),
            (State.WAITING, "customer"),
        ]
        story = tell_story(asker=staff(8, "support"), order_id=order_id, now=SOON)
        told = [(line.what, line.text) for line in story.lines if line.part == "review"]
        assert told[-2:] == [("ASKED", "Is it a present?"), ("ANSWERED", "No, <b>mine</b>.")]
        assert [letter.kind for letter in story.letters] == ["QUESTION_ASKED"]
        assert audit_books() == []

    def test_takes_the_answer_to_who_has_taken_the_review_meanwhile(self) -> None:
        order_id, bob = reviewed(), staff(8, "risk-reviewer")
        asked(order_id)
        until = take_review(asker=bob, order_id=order_id, now=SOON).review.taken_until

        say(order_id, "Yes.")

        (review,) = reviews.read_of_order(order_id=order_id)
        assert (review.state, review.taken_by, review.taken_until) == (State.TAKEN, "STAFF:8", until)
        assert decide_review(
            asker=bob, order_id=order_id, decision=Decision.APPROVE, why="", now=SOON
        ).review.state is (State.APPROVED)
        assert audit_books() == []

    def test_of_one_that_is_given_back_is_answered_too(self) -> None:
        order_id, bob = reviewed(), staff(8, "risk-reviewer")
        asked(order_id)
        take_review(asker=bob, order_id=order_id, now=SOON)
        decide_review(asker=bob, order_id=order_id, decision=Decision.GIVE_BACK, why="busy", now=SOON)

        say(order_id, "Yes.")

        (review,) = reviews.read_of_order(order_id=order_id)
        assert (review.state, review.answer) == (State.WAITING, "Yes.")
        assert audit_books() == []

    def test_does_not_lapse_and_need_not_be_waited_for(self) -> None:
        order_id, bob = reviewed(), staff(8, "risk-reviewer")
        asked(order_id)
        later = NOON + dt.timedelta(days=3)
        assert reviews.read_of_order(order_id=order_id)[0].state is State.ASKED
        take_review(asker=bob, order_id=order_id, now=later)
        decide_review(asker=bob, order_id=order_id, decision=Decision.APPROVE, why="known", now=later)

        assert view_question(order_id=order_id) is None
        with pytest.raises(NoQuestion):
            say(order_id, "Yes.", now=later)
        assert held(order_id) == []

    def test_may_be_done_again_but_not_without_end(self) -> None:
        order_id, ada = reviewed(), staff(7, "risk-reviewer")
        for time in range(reviews.QUESTIONS_MAX):
            asked(order_id, f"Question {time}?", by=ada)
            assert view_question(order_id=order_id) == Question(text=f"Question {time}?", answer="")
            say(order_id, f"Answer {time}.")

        with pytest.raises(TooManyQuestions):
            asked(order_id, by=ada)

        number = ids.to_number(order_id)
        assert len(messages.find_all(keys=[f"asked:{number}:{time}" for time in range(1, 9)])) == reviews.QUESTIONS_MAX

    def test_is_seen_and_answered_by_nobody_but_him(self) -> None:
        order_id, other = reviewed(), placed_order("MUG").order.id
        db.execute("update orders_order set account_id = 21 where id = %s", (order_id,))
        asked(order_id)

        for stranger in (see_own.proved(), see_own.proved(account_id=22), see_own.proved(opens=[other])):
            with stranger:
                assert view_question(order_id=order_id) is None
                with pytest.raises(NoQuestion):
                    say(order_id, "Yes.")
        with see_own.proved(account_id=21):
            assert view_question(order_id=order_id) == Question(text="Is it a present?", answer="")
            say(order_id, "Yes.")

        assert reviews.read_of_order(order_id=order_id)[0].answer == "Yes."

    @pytest.mark.parametrize("unfit", ["", "  ", "x" * 1001, "a\0b"])
    def test_takes_no_answer_that_says_nothing_or_too_much(self, unfit: str) -> None:
        order_id = reviewed()
        asked(order_id)

        with pytest.raises(TextUnfit):
            say(order_id, unfit)

        assert reviews.read_of_order(order_id=order_id)[0].state is State.ASKED


class TestQueue:
    def test_has_the_oldest_first(self) -> None:
        first, second = reviewed("TEA"), reviewed("MUG")

        queue = list_reviews(asker=staff(7, "risk-reviewer"), now=NOON)

        assert {one.order_id for one, _listed in queue.waiting} == {first, second}
        assert queue.count.count == 2


class TestTogether:
    def test_of_many_who_take_a_review_one_has_it(self) -> None:
        order_id = reviewed()
        many = [staff(number, "risk-reviewer") for number in range(10, 16)]

        def take(number: int) -> str:
            try:
                return take_review(asker=many[number], order_id=order_id, now=NOON).review.taken_by
            except ReviewHeld as held_by:
                return str(held_by.facts["by"])

        told = together(*(partial(take, number) for number in range(len(many))))

        assert len(set(told)) == 1
        assert audit_books() == []

    def test_of_many_answers_the_first_stands(self) -> None:
        order_id = reviewed()
        asked(order_id)

        def answer(text: str) -> str:
            try:
                say(order_id, text)
            except AnsweredAlready:
                return ""
            return text

        told = together(*(partial(answer, f"Answer {number}.") for number in range(4)))

        (first,) = filter(None, told)
        (review,) = reviews.read_of_order(order_id=order_id)
        assert (review.answer, review.state) == (first, State.WAITING)
        assert len(reviews.read_moves(review_id=review.id, limit=9)) == 4
        assert audit_books() == []

    def test_many_who_ask_open_one_review(self) -> None:
        make_product("TEA", pieces=10)
        order_id = place_one(ask("key", {"TEA": 1})).order.id

        def wish() -> int:
            with db.write():
                return ask_review(order_id=order_id, reason=Reason.RISK, details=(), actor="CLOCK:risk", now=NOON).id

        assert len(set(together(*[wish] * 6))) == 1
        assert audit_books() == []
