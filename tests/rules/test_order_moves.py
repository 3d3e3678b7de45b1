"""What may become of an order."""

from __future__ import annotations

import pytest

from evertill.domains.orders import Line, State, pieces_by_sku
from evertill.domains.orders.rules import MOVES, sources_of


class TestMoves:
    def test_are_exactly_these(self) -> None:
        moves = {(source, target) for source, targets in MOVES.items() for target in targets}

        assert moves == {
            (State.PLACED, State.PAID),
            (State.PLACED, State.CANCELLED),
            (State.PLACED, State.EXPIRED),
            (State.PAID, State.REFUNDED),
            (State.CANCELLED, State.PAID),
            (State.EXPIRED, State.PAID),
        }

    def test_say_something_about_every_state(self) -> None:
        assert MOVES.keys() == set(State)

    @pytest.mark.parametrize(
        ("target", "sources"),
        [
            (State.PLACED, []),
            (State.PAID, [State.PLACED, State.CANCELLED, State.EXPIRED]),
            (State.REFUNDED, [State.PAID]),
            (State.CANCELLED, [State.PLACED]),
            (State.EXPIRED, [State.PLACED]),
        ],
    )
    def test_can_be_asked_backwards(self, target: State, sources: list[State]) -> None:
        assert sources_of(target) == sources


def line(sku: str, quantity: int) -> Line:
    return Line(sku=sku, title=sku, quantity=quantity, unit_price=1)


class TestPiecesBySku:
    def test_adds_up_a_sku_that_stands_on_several_lines(self) -> None:
        assert pieces_by_sku([line("TEA", 1), line("CUP", 2), line("TEA", 3)]) == {"TEA": 4, "CUP": 2}

    def test_takes_a_single_line_as_it_is(self) -> None:
        assert pieces_by_sku([line("TEA", 5)]) == {"TEA": 5}
