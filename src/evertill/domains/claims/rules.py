"""What claims decide: which moves there are, and what of a finding may be shown to whom."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from evertill.domains.claims.types import Candidate, Proofs, State
from evertill.kernel import contacts

# What the shop's own role may do with a table beyond which it may all: what was recorded is only added to.
RIGHTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "claims_key": ("select", "insert"),
        "claims_event": ("select", "insert"),
        "claims_policy": ("select", "insert"),
        "claims_award": ("select", "insert"),
    }
)

# To where a claim can go, and from where.
MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.FOUND: frozenset({State.FILED, State.FOUND, State.NOTHING}),
        State.NOTHING: frozenset({State.FILED, State.FOUND, State.NOTHING}),
        State.ANSWERED: frozenset({State.FOUND, State.NOTHING}),
        State.WITHDRAWN: frozenset({State.FILED, State.FOUND, State.NOTHING}),
        # Somebody has something to add: it is looked for again.
        State.FILED: frozenset({State.ANSWERED}),
    }
)


def may_move(*, was: State, to: State) -> bool:
    """This function will say whether a claim goes from one state to another."""
    return was in MOVES[to]


def is_his(*, candidate: Candidate, proofs: Proofs) -> bool:
    """This function will say whether what somebody has proved makes a thing his, so that he may be told of it.

    What belongs to an account is its account's alone, however well somebody knows its address; only a genuine receipt
    of the very order counts beside it. Clues that somebody typed prove nothing.
    """
    if proofs.order_id is not None and proofs.order_id == candidate.order_id:
        return True
    if candidate.account_id is not None:
        return proofs.account_id == candidate.account_id
    emails = {contacts.spell_email(email) for email in candidate.emails if email}
    phones = {phone for phone in candidate.phones if phone}
    return (proofs.email != "" and contacts.spell_email(proofs.email) in emails) or (
        proofs.phone != "" and proofs.phone in phones
    )
