"""What may become of a dispute, and what a provider's word means."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.domains.disputes import Dispute, Standing, State, Told, follow, held, is_news, is_open, objection
from evertill.domains.disputes.rules import MOVES
from evertill.kernel.money import Money
from tests.builders import NOON
from tests.ledgers import gbp

DUE = NOON + dt.timedelta(days=7)


def told(
    standing: Standing = Standing.OPEN, *, amount: int = 250, fee: int = 0, due: dt.datetime | None = None
) -> Told:
    return Told(
        provider="twin",
        provider_id="D1",
        standing=standing,
        amount=gbp(amount),
        fee=fee,
        evidence_due_at=due,
    )


def known(state: State = State.OPENED, *, amount: int = 250, fee: int = 0, due: dt.datetime | None = None) -> Dispute:
    return Dispute(
        id=1,
        provider="twin",
        provider_id="D1",
        intent_id=2,
        order_id=3,
        is_sale=True,
        state=state,
        amount=gbp(amount),
        fee=fee,
        reason="",
        evidence_due_at=due,
        opened_at=NOON,
        closed_at=None if is_open(state) else NOON,
    )


class TestMoves:
    def test_are_exactly_these(self) -> None:
        moves = {(source.value, target.value) for source, targets in MOVES.items() for target in targets}

        assert moves == {
            ("OPENED", "EVIDENCE_DUE"),
            ("OPENED", "EVIDENCE_SENT"),
            ("OPENED", "WON"),
            ("OPENED", "LOST"),
            ("EVIDENCE_DUE", "EVIDENCE_SENT"),
            ("EVIDENCE_DUE", "WON"),
            ("EVIDENCE_DUE", "LOST"),
            ("EVIDENCE_SENT", "EVIDENCE_SENT"),
            ("EVIDENCE_SENT", "WON"),
            ("EVIDENCE_SENT", "LOST"),
        }

    def test_say_something_about_every_state(self) -> None:
        assert MOVES.keys() == set(State)

    def test_leave_open_what_may_still_move(self) -> None:
        assert [state for state in State if is_open(state)] == [State.OPENED, State.EVIDENCE_DUE, State.EVIDENCE_SENT]


class TestFollow:
    @pytest.mark.parametrize(
        ("state", "standing", "due", "target"),
        [
            (State.OPENED, Standing.OPEN, None, None),
            (State.OPENED, Standing.OPEN, DUE, State.EVIDENCE_DUE),
            (State.EVIDENCE_DUE, Standing.OPEN, DUE, None),
            (State.EVIDENCE_SENT, Standing.OPEN, DUE, None),
            (State.OPENED, Standing.WON, None, State.WON),
            (State.EVIDENCE_SENT, Standing.LOST, DUE, State.LOST),
            (State.WON, Standing.OPEN, DUE, None),
            (State.WON, Standing.LOST, None, None),
            (State.LOST, Standing.LOST, None, None),
        ],
    )
    def test_goes_where_the_provider_says(
        self, state: State, standing: Standing, due: dt.datetime | None, target: State | None
    ) -> None:
        assert follow(state=state, told=told(standing, due=due)) == target


class TestObjection:
    @pytest.mark.parametrize("end", [State.WON, State.LOST])
    def test_is_none_to_what_was_asked_before_the_end(self, end: State) -> None:
        assert objection(known=known(end), told=told()) == ""

    @pytest.mark.parametrize(
        ("before", "now", "why"),
        [
            (known(), told(amount=100), "it was about 2.50 GBP, and is told to be about 1.00 GBP"),
            (known(fee=1500), told(fee=2000), "its fee was 1500, and is told to be 2000"),
            (known(State.WON), told(Standing.LOST), "it was WON, and is told to be LOST"),
            (known(State.LOST), told(Standing.WON), "it was LOST, and is told to be WON"),
        ],
    )
    def test_is_to_what_cannot_be_the_same_dispute(self, before: Dispute, now: Told, why: str) -> None:
        assert objection(known=before, told=now) == why
        assert is_news(known=before, told=now)


class TestNews:
    @pytest.mark.parametrize(
        ("before", "now"),
        [
            (None, told()),
            (known(), told(due=DUE)),
            (known(due=DUE), told(due=DUE + dt.timedelta(days=1))),
            (known(), told(Standing.WON)),
            (known(), told(fee=1500)),
            (known(State.LOST), told(Standing.LOST, fee=1500)),
        ],
    )
    def test_is_what_is_not_written_down(self, before: Dispute | None, now: Told) -> None:
        assert is_news(known=before, told=now)

    @pytest.mark.parametrize(
        ("before", "now"),
        [
            (known(), told()),
            (known(State.EVIDENCE_DUE, due=DUE, fee=1500), told(due=DUE)),
            (known(State.EVIDENCE_SENT, due=DUE), told(due=DUE)),
            (known(State.WON, due=DUE), told(Standing.WON)),
            (known(State.WON, due=DUE), told(due=DUE + dt.timedelta(days=1))),
        ],
    )
    def test_is_not_what_was_told_before(self, before: Dispute, now: Told) -> None:
        assert not is_news(known=before, told=now)


class TestHeld:
    def test_adds_up_what_was_not_won(self) -> None:
        disputes = [known(amount=100), known(State.LOST, amount=50), known(State.WON, amount=70)]

        assert held(disputes, captured=gbp(250)) == 150

    def test_is_never_more_than_was_captured(self) -> None:
        assert held([known(amount=200), known(amount=100)], captured=gbp(250)) == 250

    def test_is_all_where_the_currency_is_another(self) -> None:
        dollars = Money(amount=250, currency="USD")

        assert held([known(amount=1)], captured=dollars) == 250
