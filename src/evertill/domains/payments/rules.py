"""What may become of a payment, and what captured money means for its order."""

from __future__ import annotations

from collections.abc import Mapping

from evertill.domains.payments.types import Conclusion, Ending, Standing, State
from evertill.kernel.money import Money

# Every move that exists. Money that was taken counts, whatever we believed before; nothing follows a capture.
MOVES: Mapping[State, frozenset[State]] = {
    State.CREATED: frozenset({State.PENDING, State.AUTHORIZED, State.CAPTURED, State.FAILED, State.CANCELLED}),
    State.PENDING: frozenset({State.AUTHORIZED, State.CAPTURED, State.FAILED, State.CANCELLED}),
    State.AUTHORIZED: frozenset({State.CAPTURED, State.FAILED, State.CANCELLED}),
    State.CAPTURED: frozenset(),
    State.FAILED: frozenset({State.CAPTURED}),
    State.CANCELLED: frozenset({State.CAPTURED}),
}

_FINAL = frozenset({State.CAPTURED, State.FAILED, State.CANCELLED})


def is_final(state: State) -> bool:
    """This function will say whether a payment needs no more following."""
    return state in _FINAL


def may_move(*, source: State, target: State) -> bool:
    """This function will say whether what a provider tells is news that a payment in `source` can take."""
    return target in MOVES[source]


def buys(*, expected: Money, captured: Money) -> bool:
    """This function will say whether money is enough, and of the right currency, for what is expected."""
    return captured.currency == expected.currency and captured.amount >= expected.amount


def conclude(*, expected: Money, captured: Money, standing: Standing, is_deliverable: bool) -> Conclusion:
    """This function will decide what captured money means; what is kept and what is returned add up to it.

    `is_deliverable` counts for an order that has ended: whether its goods could be taken again.
    """
    if captured.currency != expected.currency:
        return _give_back(Ending.WRONG_CURRENCY, captured)
    if captured.amount < expected.amount:
        return _give_back(Ending.UNDERPAID, captured)
    if standing is Standing.PAID:
        return _give_back(Ending.PAID_TWICE, captured)
    if standing is Standing.ENDED and not is_deliverable:
        return _give_back(Ending.UNDELIVERABLE, captured)
    over = captured.amount - expected.amount
    in_time = Ending.OVERPAID if over else Ending.MATCHED
    ending = Ending.LATE if standing is Standing.ENDED else in_time
    return Conclusion(ending=ending, kept=expected.amount, returned=over)


def _give_back(ending: Ending, captured: Money) -> Conclusion:
    return Conclusion(ending=ending, kept=0, returned=captured.amount)
