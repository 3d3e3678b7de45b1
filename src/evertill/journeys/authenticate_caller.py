"""Authenticate the program behind an API token."""

from __future__ import annotations

from evertill.domains import access
from evertill.domains.access import Caller, Unauthenticated

__all__ = ["Caller", "Unauthenticated", "authenticate_caller"]


def authenticate_caller(*, secret: str) -> Caller:
    """This function will return who an API token speaks for, and its scopes; raises Unauthenticated."""
    return access.authenticate(secret=secret)
