"""Pure decisions: which moves a payment may make, what a payment costs, and how money a fault bends."""

from __future__ import annotations

from collections.abc import Mapping

from .types import State

# From each state, where a payment may go next. What is not here is refused.
MOVES: Mapping[State, frozenset[State]] = {
    State.REQUIRES_ACTION: frozenset(
        {State.PROCESSING, State.AUTHORIZED, State.CAPTURED, State.FAILED, State.CANCELLED}
    ),
    State.PROCESSING: frozenset({State.AUTHORIZED, State.CAPTURED, State.FAILED}),
    State.AUTHORIZED: frozenset({State.CAPTURED, State.CANCELLED}),
    State.CAPTURED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}

_FEE_FIXED = 20
_FEE_PER_MILLE = 14


def sources(target: State) -> list[State]:
    """This function will return the states from which a payment may go to `target`."""
    return [state for state, allowed in MOVES.items() if target in allowed]


def fee(captured: int) -> int:
    """This function will return what the provider keeps, in minor units: 1.4 % rounded half up, and 20; never all."""
    return min(captured, (captured * _FEE_PER_MILLE + 500) // 1000 + _FEE_FIXED)


def bent(amount: int, currency: str, *, bend: str) -> tuple[int, str]:
    """This function will return the amount and currency that really move when `bend` strikes a payment."""
    if bend == "wrong_amount":
        return amount + max(1, amount // 10), currency
    if bend == "partial_capture":
        return max(1, amount // 2), currency
    if bend == "wrong_currency":
        return amount, "USD" if currency != "USD" else "EUR"
    return amount, currency
