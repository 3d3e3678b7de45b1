"""What crosses the boundary of access."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Scope(StrEnum):
    """What a token may allow."""

    ORDERS_READ = "orders:read"
    ORDERS_CANCEL = "orders:cancel"
    ORDERS_PAY = "orders:pay"
    ORDERS_REFUND = "orders:refund"
    ORDERS_PRICE = "orders:price"


# What each scope lets a program do, for people who choose.
MEANINGS = {
    Scope.ORDERS_READ: "read any order",
    Scope.ORDERS_CANCEL: "cancel any order",
    Scope.ORDERS_PAY: "begin to pay any order",
    Scope.ORDERS_REFUND: "give back any order, whole or in part, and put its goods back on sale",
    Scope.ORDERS_PRICE: "state the unit price of an order line: negotiated or historical orders",
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
