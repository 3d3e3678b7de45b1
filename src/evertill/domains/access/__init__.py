"""Access: which programs may speak for the shop, what each may do, and who works for it."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.access.operations import (
        TokenNameInvalid,
        TokenNameTaken,
        UnknownToken,
        add_staff,
        issue_token,
        remove_staff,
        revoke_token,
    )
    from evertill.domains.access.queries import Unauthenticated, authenticate, is_staff, list_staff, list_tokens
    from evertill.domains.access.types import Caller, Scope, Staff, Token

__getattr__ = open_door(__name__)

__all__ = [
    "Caller",
    "Scope",
    "Staff",
    "Token",
    "TokenNameInvalid",
    "TokenNameTaken",
    "Unauthenticated",
    "UnknownToken",
    "add_staff",
    "authenticate",
    "is_staff",
    "issue_token",
    "list_staff",
    "list_tokens",
    "remove_staff",
    "revoke_token",
]
