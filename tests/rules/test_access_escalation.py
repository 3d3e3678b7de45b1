"""The graph of roles, searched whole: from every state that can be, by every move that is allowed, nobody rises alone.

A state says who has which roles. A move is a grant or a revocation, asked for by one person and approved by another
one, as journeys let them. What must hold after every single move holds after any number of them; the first test looks
at every move of every state, the others follow every path from every start.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product

import pytest

from evertill.domains.access import rules
from evertill.domains.access.permissions import (
    ADMINISTRATOR,
    AUDITOR,
    BUILT_IN,
    CUSTOMER,
    FINANCE,
    OWNER,
    SUPPORT,
    Permission,
)
from evertill.domains.access.types import Holder, Role

P = Permission
# Of the shop's own: one that can approve changes of roles without being an owner, and one that can ask for them.
_OWN = {
    "approver": frozenset({P.ACCESS_READ, P.ACCESS_APPROVE, P.ORDERS_READ}),
    "hirer": frozenset({P.ACCESS_GRANT, P.ORDERS_READ, P.ALERTS_READ}),
}
_NAMES = (OWNER, ADMINISTRATOR, SUPPORT, FINANCE, AUDITOR, *_OWN)
_PEOPLE = (0, 1, 2)
# Roles of one person. Three do not add a move that two do not have, but for what stands in the test of three.
_ROLES_MAX = 2

State = tuple[frozenset[str], ...]


@cache
def role(name: str) -> Role:
    if name in _OWN:
        return Role(name=name, permissions=_OWN[name], is_built_in=False, version=1)
    return Role(name=name, permissions=BUILT_IN[name])


@cache
def holder(account_id: int, names: frozenset[str]) -> Holder:
    return Holder(account_id=account_id, roles=(role(CUSTOMER), *map(role, sorted(names))))


@dataclass(frozen=True)
class Move:
    """A change of one person's roles, and who made it: the asker, and whoever approved (None: given up alone)."""

    asker: int
    approver: int | None
    person: int
    role: str
    is_grant: bool
    after: State


@cache
def moves(state: State) -> tuple[Move, ...]:
    """Every move that the rules allow in a state."""
    return tuple(_moves(state))


def _moves(state: State) -> Iterator[Move]:
    owners = sum(OWNER in names for names in state)
    for asker, person, name in product(_PEOPLE, _PEOPLE, _NAMES):
        is_grant = name not in state[person]
        if not _may_ask(asker, state[asker], name, person, state[person], owners):
            continue
        names = state[person] | {name} if is_grant else state[person] - {name}
        after = (*state[:person], names, *state[person + 1 :])
        if not is_grant and asker == person:
            yield Move(asker, None, person, name, is_grant, after)
            continue
        for approver in _PEOPLE:
            if _may_approve(approver, state[approver], name, asker, person):
                yield Move(asker, approver, person, name, is_grant, after)


@cache
def _may_ask(asker: int, asks: frozenset[str], name: str, person: int, has: frozenset[str], owners: int) -> bool:
    by, changed = holder(asker, asks), holder(person, has)
    if name not in has:
        return rules.objection_to_grant(asker=by, role=role(name), receiver=changed) is None
    return rules.objection_to_revoke(asker=by, role=role(name), bearer=changed, owners=owners) is None


@cache
def _may_approve(approver: int, has: frozenset[str], name: str, asker: int, person: int) -> bool:
    objection = rules.objection_to_approve(
        approver=holder(approver, has),
        permission=P.ACCESS_GRANT,
        asked_by=asker,
        touched=[person],
        at_stake=role(name).permissions,
    )
    return objection is None


@cache
def lives() -> tuple[frozenset[str], ...]:
    """What roles one person can have."""
    some = [frozenset(names) for count in range(_ROLES_MAX + 1) for names in combinations(_NAMES, count)]
    return tuple(names for names in some if rules.goes_together(map(role, names)))


def states() -> Iterator[State]:
    """Every state with an owner, in which nobody has what does not go together; people in one sequence only."""
    for state in product(lives(), repeat=len(_PEOPLE)):
        if list(map(sorted, state)) == sorted(map(sorted, state)) and any(OWNER in names for names in state):
            yield state


def held(state: State, person: int) -> frozenset[Permission]:
    return _held(state[person])


@cache
def _held(names: frozenset[str]) -> frozenset[Permission]:
    return holder(0, names).permissions


class TestEveryMove:
    def test_of_every_state_raises_nobody_beyond_what_two_others_hold(self) -> None:
        looked_at = made = 0
        for state in states():
            looked_at += 1
            for move in moves(state):
                made += 1
                gained = held(move.after, move.person) - held(state, move.person)
                if gained:
                    # Two persons besides the one who gains, each of whom holds all of it.
                    assert move.approver is not None
                    assert len({move.asker, move.approver, move.person}) == 3
                    assert gained <= held(state, move.asker) & held(state, move.approver)
                if move.asker == move.person:
                    assert not gained
                if move.approver is None:
                    assert (move.asker, move.is_grant) == (move.person, False)
                # Nobody's but that person's roles have changed, and an owner is left.
                assert [n for n in _PEOPLE if move.after[n] != state[n]] == [move.person]
                assert any(OWNER in names for names in move.after)
                assert rules.goes_together(map(role, move.after[move.person]))
                # To be made an owner, or to cease to be one, takes owners; but everybody may give it up.
                if move.role == OWNER and move.approver is not None:
                    assert OWNER in state[move.asker]
                    assert OWNER in state[move.approver]
        print(f"{looked_at} states, {made} moves")
        assert looked_at > 500
        assert made > 1_000

    def test_there_are_moves_at_all(self) -> None:
        start = (frozenset({OWNER}), frozenset({ADMINISTRATOR}), frozenset[str]())

        found = {(move.asker, move.approver, move.person, move.role, move.is_grant) for move in moves(start)}

        # An administrator asks, an owner approves.
        assert (1, 0, 2, SUPPORT, True) in found
        # Not: what she does not hold; to herself; nor can the only owner do anything alone.
        assert not [move for move in found if move[0] == 1 and move[3] in (FINANCE, OWNER)]
        assert {move for move in found if move[0] == move[2]} == {(1, None, 1, ADMINISTRATOR, False)}
        assert not [move for move in found if move[0] == 0 and move[1] is not None]


def reachable(start: State, *, by: frozenset[int]) -> set[State]:
    """Every state that these people can bring about together, without anybody else."""
    seen = {start}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        for move in moves(state):
            # Bounded, so that the search ends; the test of every move looks at the first step beyond.
            is_theirs = move.asker in by and (move.approver is None or move.approver in by)
            if is_theirs and move.after not in seen and all(len(names) <= _ROLES_MAX for names in move.after):
                seen.add(move.after)
                queue.append(move.after)
    return seen


class TestEveryPath:
    @pytest.mark.parametrize("attacker", _PEOPLE)
    def test_of_one_person_alone_leads_down_only(self, attacker: int) -> None:
        for start in states():
            for state in reachable(start, by=frozenset({attacker})):
                for person in _PEOPLE:
                    assert state[person] <= start[person]
                    assert person == attacker or state[person] == start[person]

    @pytest.mark.parametrize("attackers", [frozenset({0, 1}), frozenset({0, 2}), frozenset({1, 2})])
    def test_of_two_persons_together_gives_nobody_what_they_did_not_both_have(self, attackers: frozenset[int]) -> None:
        for start in states():
            one, other = (held(start, person) for person in sorted(attackers))
            for state in reachable(start, by=attackers):
                for person in _PEOPLE:
                    gained = held(state, person) - held(start, person)
                    assert gained <= one & other
                    assert not gained or person not in attackers
                assert any(OWNER in names for names in state)
