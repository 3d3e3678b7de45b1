"""Access: which programs may speak for the shop, and what each may do."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.access.operations import (
        TokenNameInvalid,
        TokenNameTaken,
        UnknownToken,
        issue_token,
        revoke_token,
    )
    from evertill.domains.access.queries import Unauthenticated, authenticate, list_tokens
    from evertill.domains.access.types import Caller, Scope, Token

__getattr__ = open_door(__name__)

__all__ = [
    "Caller",
    "Scope",
    "Token",
    "TokenNameInvalid",
    "TokenNameTaken",
    "Unauthenticated",
    "UnknownToken",
    "authenticate",
    "issue_token",
    "list_tokens",
    "revoke_token",
]
