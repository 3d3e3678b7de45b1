"""Reads of accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from evertill.domains.accounts import models
from evertill.domains.accounts.types import Account, AccountState, Address, AddressKind

_ACTIVE = AccountState.ACTIVE.value


def read(*, account_id: int) -> Account | None:
    """This function will return an account, in use or deleted."""
    found = models.Account.objects.filter(pk=account_id).first()
    return None if found is None else to_account(found)


def read_names(*, account_ids: Collection[int]) -> dict[int, str]:
    """This function will return what people call themselves, by account."""
    found = models.Account.objects.filter(pk__in=account_ids)
    return dict(found.values_list("pk", "display_name"))


def find(*, kind: AddressKind, address: str) -> Account | None:
    """This function will return the account that has an address, which is in its one spelling."""
    found = models.Account.objects.filter(address__kind=kind.value, address__address=address, state=_ACTIVE).first()
    return None if found is None else to_account(found)


def find_all(*, kind: AddressKind, addresses: Collection[str]) -> list[int]:
    """This function will return the accounts that have any of these addresses, each in its one spelling."""
    found = models.Address.objects.filter(kind=kind.value, address__in=sorted(addresses))
    return list(found.order_by("account_id").values_list("account_id", flat=True))


def read_addresses(*, account_id: int) -> list[Address]:
    """This function will return an account's addresses, in the order in which it got them."""
    return [
        Address(kind=AddressKind(row.kind), text=row.address, proved_at=row.proved_at)
        for row in models.Address.objects.filter(account_id=account_id).order_by("pk")
    ]


def read_password(*, account_id: int | None) -> str:
    """This function will return the hash of an account's password, "" for no password and for no account."""
    # Asked for nobody's as well: both take as long.
    return (
        models.Account.objects.filter(pk=account_id or 0, state=_ACTIVE).values_list("password", flat=True).first()
        or ""
    )


def find_deleted(*, after: dt.datetime) -> list[int]:
    """This function will return the accounts that were deleted after a moment."""
    deleted = models.Account.objects.filter(state=AccountState.DELETED.value, deleted_at__gt=after)
    return list(deleted.order_by("pk").values_list("pk", flat=True))


def to_account(row: models.Account) -> Account:
    """This function will make an account of a row; for this domain alone."""
    return Account(
        id=row.pk,
        state=AccountState(row.state),
        display_name=row.display_name,
        language=row.language,
        has_password=bool(row.password),
        sms_second=row.sms_second,
        created_at=row.created_at,
    )
