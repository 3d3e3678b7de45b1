"""Claims: what customers say was lost, late or charged twice, the clues they have, and what the shop owes them for it.

It knows clues, points, rules and amounts; what the shop has is told to it as candidates.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.claims import compensation, looking, operations, queries, scoring
    from evertill.domains.claims.rules import MOVES, RIGHTS, is_his, may_move
    from evertill.domains.claims.tokens import claim_token, opened_by
    from evertill.domains.claims.types import (
        About,
        Award,
        Candidate,
        Cap,
        Claim,
        Clue,
        Clues,
        Decision,
        Due,
        Evidence,
        Finding,
        Given,
        Happened,
        Limit,
        Match,
        NewClaim,
        Policy,
        Proofs,
        Rule,
        Search,
        Source,
        Standing,
        State,
        Way,
    )

__getattr__ = open_door(__name__)

__all__ = [
    "MOVES",
    "RIGHTS",
    "About",
    "Award",
    "Candidate",
    "Cap",
    "Claim",
    "Clue",
    "Clues",
    "Decision",
    "Due",
    "Evidence",
    "Finding",
    "Given",
    "Happened",
    "Limit",
    "Match",
    "NewClaim",
    "Policy",
    "Proofs",
    "Rule",
    "Search",
    "Source",
    "Standing",
    "State",
    "Way",
    "claim_token",
    "compensation",
    "is_his",
    "looking",
    "may_move",
    "opened_by",
    "operations",
    "queries",
    "scoring",
]
