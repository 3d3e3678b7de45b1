"""Reads of accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from evertill.domains.accounts import models
from evertill.domains.accounts.types import Account, AccountState, Address, AddressKind
from evertill.kernel import contacts, db, sql
from evertill.kernel.arrays import Texts

_HERE = "evertill.domains.accounts"
_GRAMS_MAX = 6
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


def find_named(*, part: str, limit: int) -> list[int]:
    """This function will return up to `limit` accounts in use whose name has a part, of two signs at least.

    The latest first. The case of A to Z does not matter.
    """
    text = contacts.spell_email(part)
    size = min(len(text), 3)
    if size < 2:  # noqa: PLR2004 — what the index knows.
        return []
    grams = sorted({text[place : place + size] for place in range(len(text) - size + 1)})
    quoted = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    params = {"grams": Texts(grams[:_GRAMS_MAX]), "like": f"%{quoted}%", "limit": limit}
    return [account_id for account_id, _name in db.fetch(sql.load(_HERE, "find_named"), params, is_planned_anew=True)]


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
