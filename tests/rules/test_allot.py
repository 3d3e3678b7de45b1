"""Who gets what when there is not enough for everyone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.stock import Item, Kind, allot


def counted(sku: str, on_hand: int, reserved: int = 0) -> Item:
    return Item(sku=sku, kind=Kind.COUNTED, on_hand=on_hand, reserved=reserved)


def unlimited(sku: str) -> Item:
    return Item(sku=sku, kind=Kind.UNLIMITED, on_hand=0, reserved=7)


class TestAllot:
    def test_serves_the_first_and_tells_the_next_what_is_left(self) -> None:
        outcome = allot(asked=[{"TEA": 3}, {"TEA": 2}, {"TEA": 1}], items={"TEA": counted("TEA", 4)})

        assert [given.short for given in outcome] == [{}, {"TEA": 1}, {}]

    def test_takes_nothing_when_one_line_is_short(self) -> None:
        items = {"TEA": counted("TEA", 5), "CUP": counted("CUP", 0)}

        outcome = allot(asked=[{"TEA": 5, "CUP": 1}, {"TEA": 5}], items=items)

        assert [given.short for given in outcome] == [{"CUP": 0}, {}]

    def test_names_every_short_sku_and_none_other(self) -> None:
        items = {"TEA": counted("TEA", 1), "CUP": counted("CUP", 2), "POT": counted("POT", 9)}

        (outcome,) = allot(asked=[{"TEA": 2, "CUP": 3, "POT": 9}], items=items)

        assert outcome.short == {"TEA": 1, "CUP": 2}

    def test_counts_what_is_reserved_as_gone(self) -> None:
        outcome = allot(asked=[{"TEA": 2}, {"TEA": 1}], items={"TEA": counted("TEA", 5, reserved=4)})

        assert [given.short for given in outcome] == [{"TEA": 1}, {}]

    def test_never_runs_out_of_what_is_unlimited(self) -> None:
        (outcome,) = allot(asked=[{"CODE": 10**9}], items={"CODE": unlimited("CODE")})

        assert outcome.is_served

    def test_takes_a_sku_without_a_balance_as_sold_out(self) -> None:
        (outcome,) = allot(asked=[{"TEA": 1}], items={})

        assert outcome.short == {"TEA": 0}

    def test_tells_nobody_of_less_than_nothing(self) -> None:
        (outcome,) = allot(asked=[{"TEA": 1}], items={"TEA": counted("TEA", 2, reserved=3)})

        assert outcome.short == {"TEA": 0}

    def test_answers_nobody_for_nothing(self) -> None:
        assert allot(asked=[], items={}) == []


SKUS = st.sampled_from(["A", "B", "C"])
ASKS = st.lists(st.dictionaries(SKUS, st.integers(1, 6), min_size=1), max_size=12)
STOCK = st.dictionaries(SKUS, st.integers(0, 15))


class TestAllotAlways:
    @given(asked=ASKS, stock=STOCK)
    def test_gives_no_more_than_there_is(self, asked: list[dict[str, int]], stock: dict[str, int]) -> None:
        outcome = allot(asked=asked, items={sku: counted(sku, pieces) for sku, pieces in stock.items()})

        given_away: dict[str, int] = dict.fromkeys("ABC", 0)
        for ask, allotment in zip(asked, outcome, strict=True):
            if allotment.is_served:
                for sku, quantity in ask.items():
                    given_away[sku] += quantity
        assert all(given_away[sku] <= stock.get(sku, 0) for sku in given_away)

    @given(asked=ASKS, stock=STOCK)
    def test_does_for_many_what_it_does_for_one_after_the_other(
        self, asked: list[dict[str, int]], stock: dict[str, int]
    ) -> None:
        at_once = allot(asked=asked, items={sku: counted(sku, pieces) for sku, pieces in stock.items()})

        left = dict(stock)
        one_by_one = []
        for ask in asked:
            short = {sku: left.get(sku, 0) for sku, quantity in ask.items() if left.get(sku, 0) < quantity}
            one_by_one.append(short)
            if not short:
                for sku, quantity in ask.items():
                    left[sku] -= quantity
        assert [allotment.short for allotment in at_once] == one_by_one
