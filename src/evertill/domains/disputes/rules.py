"""What may become of a dispute, and what a provider's word about one means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evertill.domains.disputes.types import Dispute, Standing, State, Told
from evertill.kernel.money import Money

# Every move that exists. Who has won is final here: a provider that says so and then takes it back is objected to.
MOVES: Mapping[State, frozenset[State]] = {
    State.OPENED: frozenset({State.EVIDENCE_DUE, State.EVIDENCE_SENT, State.WON, State.LOST}),
    State.EVIDENCE_DUE: frozenset({State.EVIDENCE_SENT, State.WON, State.LOST}),
    # More evidence may follow.
    State.EVIDENCE_SENT: frozenset({State.EVIDENCE_SENT, State.WON, State.LOST}),
    State.WON: frozenset(),
    State.LOST: frozenset(),
}

_ENDS = {Standing.WON: State.WON, Standing.LOST: State.LOST}


def is_open(state: State) -> bool:
    """This function will say whether a dispute needs following."""
    return bool(MOVES[state])


def may_move(*, source: State, target: State) -> bool:
    """This function will say whether the table of moves leads from one state to another."""
    return target in MOVES[source]


def follow(*, state: State, told: Told) -> State | None:
    """This function will return where a dispute moves by what is told; None when it stays.

    What is told of an open dispute that has ended here was asked before the end came, and says nothing.
    """
    target = _ENDS.get(told.standing)
    if target is None and told.evidence_due_at is not None:
        target = State.EVIDENCE_DUE
    return target if target is not None and may_move(source=state, target=target) else None


def objection(*, known: Dispute, told: Told) -> str:
    """This function will say why what is told cannot be the same dispute any more; "" when it can."""
    if told.amount != known.amount:
        return f"it was about {known.amount}, and is told to be about {told.amount}"
    if known.fee and told.fee and told.fee != known.fee:
        return f"its fee was {known.fee}, and is told to be {told.fee}"
    end = _ENDS.get(told.standing)
    if end is not None and not is_open(known.state) and end is not known.state:
        return f"it was {known.state.value}, and is told to be {end.value}"
    return ""


def is_news(*, known: Dispute | None, told: Told) -> bool:
    """This function will say whether something is told that is not written down."""
    if known is None or objection(known=known, told=told) or follow(state=known.state, told=told) is not None:
        return True
    is_later = told.evidence_due_at is not None and told.evidence_due_at != known.evidence_due_at
    return (is_later and is_open(known.state)) or (told.fee > 0 and known.fee == 0)


def held(disputes: Iterable[Dispute], *, captured: Money) -> int:
    """This function will say how much of what a payment captured is held by its disputes, or lost to them.

    It is never more than was captured, whatever is disputed. A dispute in another currency holds all of it: how much
    that is would be a guess.
    """
    holding = [dispute for dispute in disputes if dispute.state is not State.WON]
    if any(dispute.amount.currency != captured.currency for dispute in holding):
        return captured.amount
    return min(captured.amount, sum(dispute.amount.amount for dispute in holding))
