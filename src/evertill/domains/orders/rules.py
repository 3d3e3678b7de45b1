"""What may become of an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evertill.domains.orders.types import Line, State

# Every move that exists. What is not in this table cannot happen, whoever asks.
MOVES: Mapping[State, frozenset[State]] = {
    State.PLACED: frozenset({State.PAID, State.CANCELLED, State.EXPIRED}),
    State.PAID: frozenset({State.REFUNDED}),
    State.REFUNDED: frozenset(),
    # Money that comes late buys the goods after all, when they are still there.
    State.CANCELLED: frozenset({State.PAID}),
    State.EXPIRED: frozenset({State.PAID}),
}


def sources_of(target: State) -> list[State]:
    """This function will return the states from which an order may move to the target, in their order of definition."""
    return [state for state in State if target in MOVES[state]]


def pieces_by_sku(lines: Sequence[Line]) -> dict[str, int]:
    """This function will add up the pieces of each SKU; a cart may name one SKU on several lines."""
    if len(lines) == 1:
        return {lines[0].sku: lines[0].quantity}
    pieces: dict[str, int] = {}
    for line in lines:
        pieces[line.sku] = pieces.get(line.sku, 0) + line.quantity
    return pieces
