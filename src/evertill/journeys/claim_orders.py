"""Claim orders: what a guest ordered becomes an account's, once it has proved the address that it was ordered with."""

from __future__ import annotations

import datetime as dt

import structlog

from evertill.domains import accounts, orders, trail
from evertill.domains.accounts import Address, AddressKind
from evertill.kernel import config, db

_log = structlog.get_logger("evertill.accounts")

# Batches for one address in one go.
_BATCHES_MAX = 20


def claim_orders(*, account_id: int, now: dt.datetime) -> int:
    """This function will give an account what guests ordered with its addresses, and return how many orders.

    To be called when somebody has signed in or proved an address, outside of any transaction; again is harmless. An
    account has no address that was not proved, and no two accounts have the same one, so that an order has one
    claimant. It spoils nothing: what cannot be claimed now is claimed at the next sign-in.
    """
    claimed = 0
    try:
        addresses = db.with_connection(lambda: accounts.read_addresses(account_id=account_id))
        for address in addresses:
            claimed += _claim_all(address, account_id=account_id, now=now)
    except (db.DatabaseUnavailable, db.OutcomeUnknown) as error:
        _log.warning("orders not claimed", account=account_id, error=error.code)
    return claimed


def _claim_all(address: Address, *, account_id: int, now: dt.datetime) -> int:
    limit = config.get().claim_batch_max
    total = 0
    for _ in range(_BATCHES_MAX):
        claimed = _claim(address, account_id=account_id, limit=limit, now=now)
        total += claimed
        if claimed < limit:
            break
    return total


def _claim(address: Address, *, account_id: int, limit: int, now: dt.datetime) -> int:
    is_email = address.kind is AddressKind.EMAIL
    with db.write():
        claimed = orders.claim(
            account_id=account_id,
            email=address.text if is_email else "",
            phone="" if is_email else address.text,
            placed_after=now - dt.timedelta(days=config.get().claim_days),
            limit=limit,
        )
        if claimed:
            trail.write(
                actor=trail.Actor(kind=trail.ActorKind.CUSTOMER, id=str(account_id)),
                operation="orders.claim",
                subject=trail.Subject(kind="account", id=str(account_id)),
                after={"orders": claimed, "by": address.kind.value},
                now=now,
            )
    return claimed
