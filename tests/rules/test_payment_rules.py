"""What may become of a payment, and what captured money means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.payments import Ending, Standing, State, buys, conclude, is_final, may_move
from evertill.domains.payments.rules import MOVES
from evertill.kernel.money import Money

amounts = st.integers(min_value=1, max_value=10**9)
currencies = st.sampled_from(["GBP", "EUR", "CNY"])
moneys = st.builds(Money, amount=amounts, currency=currencies)
BOUGHT = {Ending.MATCHED, Ending.OVERPAID, Ending.LATE}


def gbp(amount: int) -> Money:
    return Money(amount=amount, currency="GBP")


class TestMoves:
    def test_say_something_about_every_state(self) -> None:
        assert MOVES.keys() == set(State)

    def test_lead_nowhere_from_captured_money(self) -> None:
        assert not any(may_move(source=State.CAPTURED, target=target) for target in State)

    @pytest.mark.parametrize("state", [state for state in State if state is not State.CAPTURED])
    def test_let_money_count_whatever_we_believed(self, state: State) -> None:
        assert may_move(source=state, target=State.CAPTURED)

    def test_lead_only_to_money_from_what_is_final(self) -> None:
        for state in filter(is_final, State):
            assert MOVES[state] <= {State.CAPTURED}

    def test_never_lead_back_to_the_beginning_or_stay(self) -> None:
        assert not any(may_move(source=state, target=State.CREATED) for state in State)
        assert not any(may_move(source=state, target=state) for state in State)


class TestConclude:
    @given(moneys, moneys, st.sampled_from(Standing), st.booleans())
    def test_leaves_no_money_unaccounted_for(
        self, expected: Money, captured: Money, standing: Standing, is_deliverable: bool
    ) -> None:
        end = conclude(expected=expected, captured=captured, standing=standing, is_deliverable=is_deliverable)

        assert end.kept + end.returned == captured.amount
        assert end.kept in (0, expected.amount)
        assert end.returned >= 0

    @given(moneys, moneys, st.sampled_from(Standing), st.booleans())
    def test_keeps_money_only_for_goods_that_the_customer_gets(
        self, expected: Money, captured: Money, standing: Standing, is_deliverable: bool
    ) -> None:
        end = conclude(expected=expected, captured=captured, standing=standing, is_deliverable=is_deliverable)

        gets_goods = standing is Standing.OPEN or (standing is Standing.ENDED and is_deliverable)
        assert (end.kept > 0) == (buys(expected=expected, captured=captured) and gets_goods)
        assert (end.ending in BOUGHT) == (end.kept > 0)

    @pytest.mark.parametrize(
        ("captured", "standing", "is_deliverable", "ending", "kept"),
        [
            (gbp(250), Standing.OPEN, False, Ending.MATCHED, 250),
            (gbp(251), Standing.OPEN, False, Ending.OVERPAID, 250),
            (gbp(249), Standing.OPEN, False, Ending.UNDERPAID, 0),
            (gbp(250), Standing.PAID, False, Ending.PAID_TWICE, 0),
            (gbp(250), Standing.ENDED, True, Ending.LATE, 250),
            (gbp(300), Standing.ENDED, True, Ending.LATE, 250),
            (gbp(250), Standing.ENDED, False, Ending.UNDELIVERABLE, 0),
            (Money(amount=250, currency="USD"), Standing.OPEN, False, Ending.WRONG_CURRENCY, 0),
        ],
    )
    def test_names_each_ending(
        self, captured: Money, standing: Standing, is_deliverable: bool, ending: Ending, kept: int
    ) -> None:
        end = conclude(expected=gbp(250), captured=captured, standing=standing, is_deliverable=is_deliverable)

        assert (end.ending, end.kept) == (ending, kept)
