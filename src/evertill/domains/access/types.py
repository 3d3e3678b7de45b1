"""What crosses the boundary of access."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from evertill.domains.access.permissions import Permission


class Scope(StrEnum):
    """What a token may allow."""

    ORDERS_READ = "orders:read"
    ORDERS_CANCEL = "orders:cancel"
    ORDERS_PAY = "orders:pay"
    ORDERS_REFUND = "orders:refund"
    ORDERS_PRICE = "orders:price"


# What each scope lets a program do, for people who choose. The desk translates it.
MEANINGS: Mapping[Scope, str] = {
    Scope.ORDERS_READ: "Read any order",
    Scope.ORDERS_CANCEL: "Cancel any order",
    Scope.ORDERS_PAY: "Begin to pay any order",
    Scope.ORDERS_REFUND: "Give money back for any order, and put its goods back on sale",
    Scope.ORDERS_PRICE: "Say what a line of a new order costs",
}


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks. Id and name outlive the secret, and with them what the caller's Idempotency-Keys stand for."""

    id: int
    name: str
    scopes: frozenset[Scope]

    @property
    def key_owner(self) -> str:
        """Under whom this caller's Idempotency-Keys are kept."""
        return f"token:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as the shop's owner sees it; its secret is known to nobody but its holder."""

    id: int
    name: str
    scopes: frozenset[Scope]
    created_at: dt.datetime
    revoked_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Somebody who works for the shop, since when, and who made him so."""

    account_id: int
    added_at: dt.datetime
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A name for permissions that are given together. One of the shop's own has a version, which every change moves."""

    name: str
    permissions: frozenset[Permission]
    says: str = ""
    is_built_in: bool = True
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What something is done to, and whose it is: the account's, or nobody's who has one."""

    kind: str
    id: str
    owner: int | None = None

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who may something: an account with its roles; a guest with what his token opens; or the machine's operator.

    The last two have no account. `opens` names things.
    """

    account_id: int | None
    roles: tuple[Role, ...]
    opens: frozenset[str] = frozenset()

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset[Permission]().union(*(role.permissions for role in self.roles))


class Objection(StrEnum):
    """Why something that has to do with roles may not be done."""

    NOT_ALLOWED = "This needs a permission that is not among those of this account."
    NOT_HELD = "Nobody gives, takes or approves what he does not hold himself."
    SELF = "Nobody decides about himself."
    TOGETHER = "These roles do not go together: one asks for what the other approves, or one only looks on."
    HELD = "The account has this role already."
    NOT_GIVEN = "The account does not have this role."
    LAST_OWNER = "A shop has at least one owner."
    NOT_GIVABLE = "Everybody has this by himself, or it is an owner's alone: it cannot be part of this."
    NAME_TAKEN = "The shop has a role of this name that comes with it."


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGrant:
    """A role that an account has, since when, by whom and why."""

    account_id: int
    role: str
    granted_at: dt.datetime
    granted_by: str
    why: str
