"""A checkout that failed is kept, found by its reference, and finished once, whoever else is at it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evertill.domains import incidents, messages, orders, submissions, trail
from evertill.domains.submissions import Failed, State
from evertill.journeys import finish_submission as finishing
from evertill.journeys import keep_submission as keeping
from evertill.journeys.audit_books import Check, audit_books
from evertill.journeys.place_orders import KeyInFlight, Placed, PriceChanged, SoldOut, place_orders
from evertill.kernel import config, db, ids
from evertill.kernel.errors import EvertillError
from tests import tables
from tests.builders import NOON, ask, balance, make_product, place, place_one
from tests.submitting import failed, later
from tests.threads import together

ADA, BOB = (trail.Actor(kind=trail.ActorKind.STAFF, id=name) for name in ("ada", "bob"))
ALERT = [("SUBMISSION_OPEN", "checkouts")]


@pytest.fixture(autouse=True)
def folder(committed_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of the test's own, and sound books behind it."""
    mine = dataclasses.replace(config.get(), data=tmp_path)
    monkeypatch.setattr(config, "get", lambda: mine)
    yield tmp_path
    assert audit_books() == []


def keep(one: Failed) -> Failed:
    assert keeping.keep_submission(failed=one, now=one.failed_at)
    return one


def finish(one: Failed, *, at_shown_prices: bool = False, now: dt.datetime = NOON) -> Placed:
    return finishing.finish_submission(
        submission_id=one.id, at_shown_prices=at_shown_prices, keep_h=24, actor=ADA, now=now
    )


def view(one: Failed) -> submissions.Submission:
    return finishing.view_submission(submission_id=one.id)


def alerts() -> list[tuple[str, str]]:
    return [(alert.kind, alert.subject) for alert in incidents.read_open_alerts(limit=10)]


class TestKeeping:
    def test_goes_to_the_database_and_wakes_somebody(self, folder: Path) -> None:
        one = keep(failed())

        assert view(one).failed == one
        assert [kept.failed for kept in finishing.list_submissions(limit=10)] == [one]
        assert alerts() == ALERT
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("code", ["DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN"])
    def test_goes_to_the_file_while_the_database_is_away(self, folder: Path, code: str) -> None:
        one = keep(failed(code=code))

        assert tables.count("submissions_submission") == 0
        assert keeping.is_spooled()
        assert keeping.load_submissions(now=NOON) == 1
        assert keeping.load_submissions(now=NOON) == 0
        assert view(one).failed == one
        assert alerts() == ALERT

    def test_goes_to_the_file_when_the_database_fails_with_it_too(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(submissions, "keep", lambda **_: 1 // 0)
            one = keep(failed(code="INTERNAL"))

        assert keeping.load_submissions(now=NOON) == 1
        assert view(one).failed == one

    def test_is_not_promised_when_there_is_no_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        small = dataclasses.replace(config.get(), spool_bytes_max=100)
        monkeypatch.setattr(config, "get", lambda: small)

        assert not keeping.keep_submission(failed=failed(code="OUTCOME_UNKNOWN"), now=NOON)

    def test_is_not_promised_where_there_is_no_folder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        nowhere = dataclasses.replace(config.get(), data=Path())
        monkeypatch.setattr(config, "get", lambda: nowhere)

        assert not keeping.keep_submission(failed=failed(code="OUTCOME_UNKNOWN"), now=NOON)


class TestLoading:
    def test_leaves_out_what_the_database_does_not_take_and_keeps_it(self, folder: Path) -> None:
        good, bad = failed(ask("good"), reference=1), failed(ask("bad"), reference=2)
        for one in (good, later(bad, 0, consent_text=""), later(bad, 0, code="\0")):
            submissions.spool.append(folder=folder, failed=one, bytes_max=1 << 20)

        assert keeping.load_submissions(now=NOON) == 1
        assert keeping.load_submissions(now=NOON) == 0
        assert view(good).failed == good
        with submissions.spool.loading(folder=folder) as batch:
            assert [one.id for one in batch.found] == [bad.id, bad.id]

    def test_stores_nothing_whose_time_is_over(self) -> None:
        one = keep(failed(code="OUTCOME_UNKNOWN"))

        assert keeping.load_submissions(now=one.remove_at) == 0
        assert not keeping.is_spooled()
        assert tables.count("submissions_submission") == 0

    def test_by_many_at_once_stores_each_once(self) -> None:
        ones = [keep(failed(ask(str(n)), reference=n, code="OUTCOME_UNKNOWN")) for n in range(1, 21)]

        loaded = together(*[lambda: keeping.load_submissions(now=NOON)] * 4)

        assert sum(loaded) == 20
        assert [view(one).failed for one in ones] == ones

    def test_loses_nothing_that_comes_meanwhile(self) -> None:
        def keep_some(start: int) -> int:
            for n in range(start, start + 20):
                keep(failed(ask(str(n)), reference=n, code="OUTCOME_UNKNOWN"))
            return 0

        def load_all() -> int:
            return sum(keeping.load_submissions(now=NOON) for _ in range(20))

        together(lambda: keep_some(100), lambda: keep_some(200), load_all)
        keeping.load_submissions(now=NOON)

        assert tables.count("submissions_submission") == 40


class TestFinishing:
    def test_places_what_was_wanted_under_its_own_key(self) -> None:
        make_product("TEA", prices={"GBP": 250}, pieces=10)
        asked = ask(lines={"TEA": 3}, phone="+8613800138000", language="zh-hans", account_id=9)
        one = keep(failed(asked))

        placed = finish(one)

        order = orders.read_orders(order_ids=[placed.order.id])[placed.order.id]
        assert (order.total, order.email, order.phone) == (750, "ada@example.com", "+8613800138000")
        assert (order.language, order.account_id) == ("zh-hans", 9)
        assert order.reserved_until == NOON + dt.timedelta(hours=24)
        assert placed.order == order
        assert (view(one).state, view(one).order_id, view(one).ended_by) == (State.PLACED, order.id, "staff:ada")
        assert alerts() == []
        (record,) = trail.read_records(search=trail.Search(operation="submissions."), limit=10)
        assert (record.operation, record.actor_id, record.subject_id) == (
            "submissions.finish",
            "ada",
            ids.to_number(one.id),
        )
        # What the customer sends late is that order.
        again = place_one(asked)
        assert (again.is_repeat, again.number) == (True, placed.number)
        assert balance("TEA") == (10, 3)

    def test_tells_the_customer_in_his_language(self) -> None:
        make_product("TEA")
        placed = finish(keep(failed(ask(language="zh-hans"))))

        (told,) = messages.read_open(limit=10)
        assert (told.key, told.kind, told.to) == (f"placed:{placed.number}", "ORDER_PLACED", "ada@example.com")
        assert told.language == "zh-hans"
        subject, text = messages.render(kind=told.kind, language="en", facts=told.facts, shop="https://tea.example")
        assert subject == f"Order {placed.number}: we have placed it for you"
        assert f"{placed.number}, for 2.50 GBP. Nothing is paid yet, and we keep the goods for you for 24 hours" in text

    def test_finds_what_the_customer_ordered_after_all(self) -> None:
        make_product("TEA")
        asked = ask()
        one = keep(failed(asked))
        own = place_one(asked)

        placed = finish(one)

        assert (placed.is_repeat, placed.number) == (True, own.number)
        assert view(one).order_id == own.order.id
        assert messages.read_open(limit=10) == []
        assert tables.count("orders_order") == 1

    def test_takes_todays_price_only_when_it_is_the_one_agreed_on(self) -> None:
        make_product("TEA", prices={"GBP": 300})
        one = keep(failed(ask(lines={"TEA": 2})))

        with pytest.raises(PriceChanged):
            finish(one)
        assert (view(one).state, tables.count("orders_order")) == (State.OPEN, 0)

        assert finish(one, at_shown_prices=True).order.total == 500

    def test_places_nothing_that_is_not_there(self) -> None:
        make_product("TEA", pieces=1)
        one = keep(failed(ask(lines={"TEA": 2})))

        with pytest.raises(SoldOut):
            finish(one)

        assert (view(one).state, alerts(), balance("TEA")) == (State.OPEN, ALERT, (1, 0))

    def test_is_done_once(self) -> None:
        make_product("TEA")
        one = keep(failed())
        placed = finish(one)

        with pytest.raises(finishing.AlreadyEnded, match=f"This is order {placed.number} already"):
            finish(one)

    def test_of_what_nobody_kept_is_refused(self) -> None:
        with pytest.raises(finishing.SubmissionNotFound):
            finish(failed())
        with pytest.raises(finishing.SubmissionNotFound):
            finishing.close_submission(submission_id=1, why="", actor=ADA, now=NOON)

    def test_of_what_was_closed_is_refused(self) -> None:
        make_product("TEA")
        one = keep(failed())
        finishing.close_submission(submission_id=one.id, why="ordered by telephone", actor=ADA, now=NOON)

        for end in (lambda: finish(one), lambda: close(one)):
            with pytest.raises(finishing.AlreadyEnded):
                end()
        assert (alerts(), tables.count("orders_order")) == ([], 0)


def close(one: Failed) -> None:
    finishing.close_submission(submission_id=one.id, why="again", actor=BOB, now=NOON)


class TestTogether:
    """Twenty rounds each, because who is faster is chance."""

    @pytest.mark.parametrize("turn", range(20))
    def test_finishing_twice_at_once_places_one_order(self, turn: int) -> None:
        make_product("TEA")
        one = keep(failed())

        ended = together(*[lambda: attempt(lambda: finish(one).number)] * 4)

        numbers = [end for end in ended if isinstance(end, str)]
        assert len(numbers) == 1
        assert {type(end) for end in ended if not isinstance(end, str)} == {finishing.AlreadyEnded}
        assert (tables.count("orders_order"), balance("TEA")) == (1, (10, 1))

    @pytest.mark.parametrize("turn", range(20))
    def test_finishing_while_the_original_arrives_late_places_one_order(self, turn: int) -> None:
        make_product("TEA")
        asked = ask()
        one = keep(failed(asked))

        ended = together(
            lambda: attempt(lambda: finish(one).number), *[lambda: attempt(lambda: placed_number(asked))] * 2
        )

        assert tables.count("orders_order") == 1
        assert len({end for end in ended if isinstance(end, str)}) == 1
        assert {type(end) for end in ended if not isinstance(end, str)} <= {KeyInFlight}
        # However it went, the next look finds the one order.
        finishing.settle_submissions(now=NOON)
        assert view(one).state is State.PLACED

    def test_the_original_that_is_under_way_keeps_the_finishing_out(self) -> None:
        make_product("TEA")
        asked = ask()
        one = keep(failed(asked))
        inside, go_on = threading.Event(), threading.Event()

        def original() -> object:
            with db.write():
                (outcome,) = place_orders([asked], now=NOON)
                inside.set()
                assert go_on.wait(timeout=60)
            return outcome

        def meanwhile() -> object:
            assert inside.wait(timeout=60)
            outcome = attempt(lambda: finish(one).number)
            go_on.set()
            return outcome

        outcome, refused = together(original, meanwhile)

        assert isinstance(outcome, Placed)
        assert isinstance(refused, KeyInFlight)
        assert finish(one).number == outcome.number


def attempt(call: Callable[[], str]) -> object:
    try:
        return call()
    except EvertillError as error:
        return error


def placed_number(asked: object) -> str:
    (outcome,) = place(asked)  # type: ignore[arg-type]
    if isinstance(outcome, EvertillError):
        raise outcome
    return outcome.number


class TestSettling:
    def test_notes_what_was_ordered_after_all_and_lets_the_alert_go(self) -> None:
        make_product("TEA", pieces=None)
        small = [keep(failed(ask(str(n)), reference=n)) for n in range(1, 6)]
        own = [place_one(ask(str(n))) for n in range(1, 5)]

        assert finishing.settle_submissions(now=NOON) == 4
        assert [view(one).order_id for one in small] == [*(placed.order.id for placed in own), None]
        assert view(small[0]).ended_by == "customer"
        assert alerts() == ALERT

        place_one(ask("5"))
        assert finishing.settle_submissions(now=NOON) == 1
        assert alerts() == []
        assert finishing.list_submissions(limit=10) == []
        assert len(finishing.list_submissions(limit=10, with_ended=True)) == 5

    def test_goes_through_all_of_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        small = dataclasses.replace(config.get(), submission_batch_max=2)
        monkeypatch.setattr(config, "get", lambda: small)
        make_product("TEA", pieces=None)
        for n in range(1, 8):
            keep(failed(ask(str(n)), reference=n))
        place_one(ask("7"))

        assert finishing.settle_submissions(now=NOON) == 1


class TestAudit:
    def test_finds_a_submission_with_another_order_or_none(self, folder: Path) -> None:
        make_product("TEA", pieces=None)
        one, two = (keep(failed(ask(str(n)), reference=n)) for n in (1, 2))
        placed = finish(one)
        other = place_one(ask("other"))
        with db.write():
            submissions.finish(submission_id=two.id, order_id=other.order.id, actor="eve", now=NOON)

        (finding,) = audit_books()
        assert (finding.check, finding.detail) == (
            Check.SUBMISSIONS,
            f"finished as {other.number}, and its key has no order",
        )

        place_one(ask("2"))
        (finding,) = audit_books()
        assert finding.detail.startswith(f"finished as {other.number}, its key has ")
        tables.empty()
        assert placed.number
