"""What may become of an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evertill.domains.orders.types import AskedReturn, Line, Pieces, State
from evertill.kernel.errors import EvertillError

# Whom nobody reaches (RFC 6761): what stands where an address stood.
NOBODY = "deleted@customers.invalid"

# What staff say is only added to.
RIGHTS: Mapping[str, tuple[str, ...]] = {"orders_note": ("select", "insert", "update (text)")}

# Every move that exists. What is not in this table cannot happen, whoever asks.
MOVES: Mapping[State, frozenset[State]] = {
    State.PLACED: frozenset({State.PAID, State.CANCELLED, State.EXPIRED}),
    State.PAID: frozenset({State.REFUNDED}),
    State.REFUNDED: frozenset(),
    # Money that comes late buys the goods after all, when they are still there.
    State.CANCELLED: frozenset({State.PAID}),
    State.EXPIRED: frozenset({State.PAID}),
}


class UnknownLine(EvertillError):
    """The order has no line of this SKU, or none at this price."""

    code = "UNKNOWN_LINE"
    remedy = "Name a SKU as it stands in the order, and its unit_price only if several lines have the SKU."


class AmbiguousLine(EvertillError):
    """Several lines of the order have this SKU at different prices, and it is not said which is meant."""

    code = "AMBIGUOUS_LINE"
    remedy = "Name the unit_price too, as it stands in the order."


class TooManyPieces(EvertillError):
    """More pieces are to be given back than were bought and not given back yet."""

    code = "TOO_MANY_PIECES"
    status = "conflict"
    remedy = "Look at the order's lines and at the refunds that it has already."


def sources_of(target: State) -> list[State]:
    """This function will return the states from which an order may move to the target, in their order of definition."""
    return [state for state in State if target in MOVES[state]]


def choose_pieces(*, lines: Sequence[Line], asked: Sequence[AskedReturn]) -> list[Pieces]:
    """This function will say which pieces of which lines are given back, the first lines first, one entry per line.

    Raises UnknownLine, AmbiguousLine or TooManyPieces.
    """
    left = [line.quantity - line.returned for line in lines]
    for ask in asked:
        meant = _lines_meant(lines, left, ask)
        wanted = ask.quantity
        for position in meant:
            taken = min(wanted, left[position])
            left[position] -= taken
            wanted -= taken
        if wanted > 0 or ask.quantity <= 0:
            raise TooManyPieces(
                f"{ask.quantity} of '{ask.sku}' cannot be given back; {ask.quantity - wanted} are left to be.",
                sku=ask.sku,
            )
    return [
        _pieces(position, line, line.quantity - line.returned - left[position])
        for position, line in enumerate(lines)
        if line.quantity - line.returned > left[position]
    ]


def _lines_meant(lines: Sequence[Line], left: Sequence[int], ask: AskedReturn) -> list[int]:
    of_sku = [position for position, line in enumerate(lines) if line.sku == ask.sku]
    meant = [position for position in of_sku if ask.unit_price in (None, lines[position].unit_price)]
    if not meant:
        at = "" if ask.unit_price is None else f" at {ask.unit_price} for one"
        raise UnknownLine(f"This order has no line of '{ask.sku}'{at}.", sku=ask.sku)
    if len({lines[position].unit_price for position in meant if left[position]}) > 1:
        raise AmbiguousLine(f"This order has lines of '{ask.sku}' at different prices.", sku=ask.sku)
    return meant


def pieces_left(lines: Sequence[Line]) -> list[Pieces]:
    """This function will return all pieces that were not given back yet."""
    return [
        _pieces(position, line, line.quantity - line.returned)
        for position, line in enumerate(lines)
        if line.quantity > line.returned
    ]


def _pieces(position: int, line: Line, quantity: int) -> Pieces:
    return Pieces(position=position, sku=line.sku, quantity=quantity, unit_price=line.unit_price)


def pieces_by_sku(lines: Sequence[Line | Pieces]) -> dict[str, int]:
    """This function will add up the pieces of each SKU; a cart may name one SKU on several lines."""
    if len(lines) == 1:
        return {lines[0].sku: lines[0].quantity}
    pieces: dict[str, int] = {}
    for line in lines:
        pieces[line.sku] = pieces.get(line.sku, 0) + line.quantity
    return pieces
