"""Authenticate the program behind an API token."""

from __future__ import annotations

from evertill.domains import access
from evertill.domains.access import Caller, InvalidToken

__all__ = ["Caller", "InvalidToken", "authenticate_caller"]


def authenticate_caller(*, secret: str) -> Caller:
    """This function will return who an API token speaks for, and its scopes; raises InvalidToken."""
    return access.authenticate(secret=secret)
