"""Which pieces of which lines a request to give back means."""

from __future__ import annotations

import pytest

from evertill.domains.orders import (
    AmbiguousLine,
    AskedReturn,
    Line,
    Pieces,
    TooManyPieces,
    UnknownLine,
    choose_pieces,
    pieces_left,
)


def line(sku: str, quantity: int, *, price: int = 250, returned: int = 0) -> Line:
    return Line(sku=sku, title=sku, quantity=quantity, unit_price=price, returned=returned)


def asked(sku: str, quantity: int, price: int | None = None) -> AskedReturn:
    return AskedReturn(sku=sku, quantity=quantity, unit_price=price)


def pieces(position: int, sku: str, quantity: int, *, price: int = 250) -> Pieces:
    return Pieces(position=position, sku=sku, quantity=quantity, unit_price=price)


class TestChoosePieces:
    def test_takes_the_first_lines_first(self) -> None:
        lines = [line("TEA", 2, returned=1), line("CUP", 9), line("TEA", 5)]

        assert choose_pieces(lines=lines, asked=[asked("TEA", 3)]) == [pieces(0, "TEA", 1), pieces(2, "TEA", 2)]

    def test_adds_up_what_is_asked_twice(self) -> None:
        lines = [line("TEA", 5)]

        assert choose_pieces(lines=lines, asked=[asked("TEA", 1), asked("TEA", 2)]) == [pieces(0, "TEA", 3)]

    def test_tells_lines_of_one_sku_apart_by_their_price(self) -> None:
        lines = [line("TEA", 5), line("TEA", 5, price=200)]

        assert choose_pieces(lines=lines, asked=[asked("TEA", 4, 200)]) == [pieces(1, "TEA", 4, price=200)]

    def test_needs_a_price_where_lines_of_one_sku_differ(self) -> None:
        with pytest.raises(AmbiguousLine):
            choose_pieces(lines=[line("TEA", 5), line("TEA", 5, price=200)], asked=[asked("TEA", 1)])

    def test_needs_none_once_only_one_of_them_is_left(self) -> None:
        lines = [line("TEA", 5, returned=5), line("TEA", 5, price=200)]

        assert choose_pieces(lines=lines, asked=[asked("TEA", 1)]) == [pieces(1, "TEA", 1, price=200)]

    @pytest.mark.parametrize("wanted", [(asked("CUP", 1),), (asked("TEA", 1, 249),)])
    def test_refuses_what_the_order_has_not(self, wanted: tuple[AskedReturn, ...]) -> None:
        with pytest.raises(UnknownLine):
            choose_pieces(lines=[line("TEA", 5)], asked=wanted)

    @pytest.mark.parametrize("wanted", [(4,), (2, 2), (0,), (-1,)])
    def test_refuses_more_pieces_than_are_left_and_none(self, wanted: tuple[int, ...]) -> None:
        with pytest.raises(TooManyPieces):
            choose_pieces(lines=[line("TEA", 5, returned=2)], asked=[asked("TEA", n) for n in wanted])


class TestPiecesLeft:
    def test_leaves_out_lines_that_were_given_back(self) -> None:
        lines = [line("TEA", 2, returned=2), line("CUP", 3, returned=1)]

        assert pieces_left(lines) == [pieces(1, "CUP", 2)]
