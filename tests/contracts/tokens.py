"""API tokens for tests."""

from __future__ import annotations

from evertill.domains.access import Scope
from evertill.journeys.manage_tokens import issue_token
from evertill.kernel import clock
from tests.askers import MACHINE


def issue(name: str, *scopes: str) -> str:
    """The secret of a new token with these scopes."""
    return issue_token(asker=MACHINE, name=name, scopes=[Scope(scope) for scope in scopes], now=clock.now())
