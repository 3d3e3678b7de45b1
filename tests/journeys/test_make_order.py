"""Orders made by hand: with the customer's consent on record, once, whoever else is at it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evertill.domains import messages, orders, submissions, trail
from evertill.domains.submissions import Failed
from evertill.domains.trail import Search
from evertill.journeys import keep_submission as keeping
from evertill.journeys import make_order as making
from evertill.journeys.audit_books import audit_books
from evertill.journeys.make_order import Agreed, AskedLine, How, MakeOrder
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.place_orders import KeyInFlight, KeyReused, Placed, PriceChanged, SoldOut, place_orders
from evertill.kernel import config, ids
from tests import tables
from tests.askers import customer, staff
from tests.builders import NOON, ask, balance, make_product
from tests.submitting import failed
from tests.threads import together

ADA, BOB = 1, 2
HOUR = dt.timedelta(hours=1)
PHONE = Agreed(how=How.PHONE, at=NOON - HOUR, note="called back at eleven")


@pytest.fixture(autouse=True)
def folder(committed_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    mine = dataclasses.replace(config.get(), data=tmp_path)
    monkeypatch.setattr(config, "get", lambda: mine)
    yield
    assert audit_books() == []


@pytest.fixture
def ada() -> Asker:
    return staff(ADA, "support")


@pytest.fixture
def kept() -> Failed:
    """Two TEA at 2.50, which a customer wanted and did not get."""
    make_product("TEA", pieces=5)
    one = failed(ask("his", {"TEA": 2}))
    assert keeping.keep_submission(failed=one, now=NOON)
    return one


def make(
    asker: Asker, one: Failed, *, total: int = 500, at_shown_prices: bool = False, agreed: Agreed = PHONE
) -> Placed:
    return making.make_from_submission(
        asker=asker,
        submission_id=one.id,
        at_shown_prices=at_shown_prices,
        total=total,
        keep_h=24,
        agreed=agreed,
        now=NOON,
    )


def records(operation: str) -> list[trail.Record]:
    return trail.read_records(search=Search(operation=operation), limit=9)


class TestFromASubmission:
    def test_places_it_tells_the_customer_and_says_how_he_agreed(self, ada: Asker, kept: Failed) -> None:
        placed = make(ada, kept)

        assert (placed.order.total, placed.order.reserved_until) == (500, NOON + 24 * HOUR)
        (record,) = records("orders.make")
        assert (record.actor_id, record.subject_id, record.why) == ("1", placed.number, "called back at eleven")
        assert json.loads(record.after) == {
            "total": 500,
            "currency": "GBP",
            "agreed_how": "PHONE",
            "agreed_at": "2026-11-22T11:00:00+00:00",
            "submission": ids.to_number(kept.id),
            "shown_total": 500,
            "at_shown_prices": False,
        }
        kinds = [
            event.kind for event in orders.read_events(after={placed.order.id: -1}, limit=9)[placed.order.id].events
        ]
        assert kinds == ["order.placed", "staff.made"]
        (told,) = messages.read_open(limit=9)
        assert (told.kind, told.to) == ("ORDER_PLACED", "ada@example.com")

    def test_at_the_prices_of_then_or_at_those_of_now_as_was_agreed(self, ada: Asker) -> None:
        make_product("TEA", pieces=9)
        one, other = failed(ask("one"), reference=1, price=200), failed(ask("other"), reference=2, price=200)
        for each in (one, other):
            keeping.keep_submission(failed=each, now=NOON)
        view = making.look_at_submission(asker=ada, submission_id=one.id, now=NOON)
        assert (view.prices, view.total_now) == ({"TEA": 250}, 250)

        with pytest.raises(PriceChanged):
            make(ada, one, total=200)
        assert make(ada, one, total=200, at_shown_prices=True).order.total == 200
        assert make(ada, other, total=250).order.total == 250

    def test_takes_nothing_that_is_not_there(self, ada: Asker, kept: Failed) -> None:
        place_orders([ask("another", {"TEA": 4})], now=NOON)

        with pytest.raises(SoldOut):
            make(ada, kept)

        assert records("orders.make") == []
        assert submissions.count_open() == 1

    @pytest.mark.parametrize("at", [NOON - dt.timedelta(days=31), NOON + HOUR])
    def test_needs_a_consent_that_can_be(self, ada: Asker, kept: Failed, at: dt.datetime) -> None:
        with pytest.raises(making.ConsentMissing):
            make(ada, kept, agreed=Agreed(how=How.MAIL, at=at))

        assert tables.count("orders_order") == 0

    def test_is_for_who_may_and_not_for_ones_own(self, ada: Asker) -> None:
        make_product("TEA")
        own = failed(ask("his", account_id=ADA))
        keeping.keep_submission(failed=own, now=NOON)

        for asker in (ada, staff(BOB, "finance"), customer(7)):
            with pytest.raises(Forbidden):
                make(asker, own, total=250)

        assert tables.count("orders_order") == 0

    def test_once_when_three_of_us_and_the_customer_do_it_at_the_same_moment(self, kept: Failed) -> None:
        askers = [staff(number, "support") for number in (1, 2, 3)]

        def by_staff(asker: Asker) -> str:
            try:
                return make(asker, kept).number
            except (making.AlreadyEnded, KeyInFlight) as error:
                return error.code

        def by_himself() -> str:
            (outcome,) = place_orders([ask("his", {"TEA": 2})], now=NOON)
            return outcome.number if isinstance(outcome, Placed) else outcome.code

        got = together(*[lambda asker=asker: by_staff(asker) for asker in askers], by_himself)

        assert tables.count("orders_order") == 1
        assert len(set(got) - {"ALREADY_ENDED", "IDEMPOTENCY_KEY_IN_FLIGHT"}) == 1
        assert balance("TEA") == (5, 2)
        assert len(records("orders.make")) <= 1
        assert len(messages.read_open(limit=9)) <= 1

    def test_the_customer_who_tries_again_finds_the_order(self, ada: Asker, kept: Failed) -> None:
        placed = make(ada, kept)

        (again,) = place_orders([ask("his", {"TEA": 2})], now=NOON)

        assert isinstance(again, Placed)
        assert (again.number, again.is_repeat) == (placed.number, True)


class TestFromNothing:
    def wanted(self, key: bytes = b"page 1", pieces: int = 2) -> MakeOrder:
        return MakeOrder(
            key=key,
            lines=[AskedLine(sku="TEA", quantity=pieces)],
            currency="GBP",
            phone="+8613800000000",
            language="zh-hans",
            total=250 * pieces,
        )

    def test_places_it_once_under_the_pages_key(self, ada: Asker) -> None:
        make_product("TEA", pieces=5)

        placed, again = (
            making.make_order(asker=ada, asked=self.wanted(), keep_h=48, agreed=PHONE, now=NOON) for _ in range(2)
        )

        assert (placed.number, placed.is_repeat, again.number, again.is_repeat) == (
            placed.number,
            False,
            placed.number,
            True,
        )
        assert len(records("orders.make")) == 1
        (told,) = messages.read_open(limit=9)
        assert (told.kind, told.to, told.facts["hours"]) == ("ORDER_MADE", "+8613800000000", "48")
        with pytest.raises(KeyReused):
            making.make_order(asker=ada, asked=self.wanted(pieces=3), keep_h=48, agreed=PHONE, now=NOON)

    def test_is_for_who_may(self) -> None:
        make_product("TEA")

        with pytest.raises(Forbidden):
            making.make_order(asker=staff(BOB, "fulfilment"), asked=self.wanted(), keep_h=1, agreed=PHONE, now=NOON)

        assert tables.count("orders_order") == 0


class TestTheQueue:
    def test_says_who_is_at_one_and_lets_another_take_it_over(self, ada: Asker, kept: Failed) -> None:
        bob = staff(BOB, "support")
        making.take_submission(asker=ada, submission_id=kept.id, now=NOON)
        with pytest.raises(making.TakenByAnother):
            making.take_submission(asker=bob, submission_id=kept.id, now=NOON + HOUR)
        (seen,) = making.look_at_submissions(asker=bob, limit=9, now=NOON)
        assert (seen.taken_by, seen.taken_at) == ("STAFF:1", NOON)

        making.take_submission(asker=bob, submission_id=kept.id, is_forced=True, now=NOON)
        making.drop_submission(asker=ada, submission_id=kept.id, now=NOON)
        making.take_submission(asker=ada, submission_id=kept.id, now=NOON + HOUR + dt.timedelta(seconds=1))

        taken = sorted(json.loads(record.before)["taken_by"] for record in records("submissions.take"))
        assert taken == ["", "STAFF:1", "STAFF:2"]
        assert records("submissions.drop") == []

    def test_is_looked_at_on_record(self, ada: Asker, kept: Failed) -> None:
        making.look_at_submission(asker=ada, submission_id=kept.id, now=NOON)

        (record,) = records("orders.read")
        assert (record.subject_kind, record.subject_id) == ("submission", ids.to_number(kept.id))

    def test_forgets_what_nobody_will_place_and_why(self, ada: Asker, kept: Failed) -> None:
        making.discard_submission(asker=ada, submission_id=kept.id, why="wants it no more", now=NOON)

        assert submissions.count_open() == 0
        with pytest.raises(making.AlreadyEnded):
            make(ada, kept)
        with pytest.raises(making.AlreadyEnded):
            making.take_submission(asker=ada, submission_id=kept.id, now=NOON)
        (record,) = records("submissions.close")
        assert (record.why, record.actor_id) == ("wants it no more", "1")
