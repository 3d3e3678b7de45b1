"""Access: which programs may speak for the shop, who works for it, and what each may do."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.access.operations import (
        RoleNameInvalid,
        TokenNameInvalid,
        TokenNameTaken,
        UnknownToken,
        add_staff,
        define_role,
        grant_role,
        issue_token,
        lock_roles,
        remove_staff,
        revoke_role,
        revoke_token,
    )
    from evertill.domains.access.permissions import BUILT_IN, GIVEN, OWNER, PERMISSIONS, Declared, Permission
    from evertill.domains.access.queries import (
        Unauthenticated,
        UnknownRole,
        authenticate,
        count_owners,
        is_staff,
        list_bearers,
        list_grants,
        list_roles,
        list_staff,
        list_tokens,
        read_holder,
        read_role,
    )
    from evertill.domains.access.rules import (
        guest,
        may,
        objection_to_approve,
        objection_to_define,
        objection_to_grant,
        objection_to_issue,
        objection_to_revoke,
        operator,
    )
    from evertill.domains.access.types import (
        Caller,
        Holder,
        Objection,
        Role,
        RoleGrant,
        Scope,
        Staff,
        Thing,
        Token,
    )

__getattr__ = open_door(__name__)

__all__ = [
    "BUILT_IN",
    "GIVEN",
    "OWNER",
    "PERMISSIONS",
    "Caller",
    "Declared",
    "Holder",
    "Objection",
    "Permission",
    "Role",
    "RoleGrant",
    "RoleNameInvalid",
    "Scope",
    "Staff",
    "Thing",
    "Token",
    "TokenNameInvalid",
    "TokenNameTaken",
    "Unauthenticated",
    "UnknownRole",
    "UnknownToken",
    "add_staff",
    "authenticate",
    "count_owners",
    "define_role",
    "grant_role",
    "guest",
    "is_staff",
    "issue_token",
    "list_bearers",
    "list_grants",
    "list_roles",
    "list_staff",
    "list_tokens",
    "lock_roles",
    "may",
    "objection_to_approve",
    "objection_to_define",
    "objection_to_grant",
    "objection_to_issue",
    "objection_to_revoke",
    "operator",
    "read_holder",
    "read_role",
    "remove_staff",
    "revoke_role",
    "revoke_token",
]
