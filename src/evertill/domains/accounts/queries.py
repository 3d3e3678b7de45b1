"""Reads of accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from evertill.domains.accounts import models
from evertill.domains.accounts.types import Account, AccountState, Address, AddressKind, Named
from evertill.kernel import contacts, db, sql
from evertill.kernel.arrays import Texts

_HERE = "evertill.domains.accounts"
_GRAMS_MAX = 6
# What the index of grams knows.
_PART_CHARS_MIN = 2
# What so many of the newest have in their name is common: grams are no way to it, as they are read to their end.
_NEWEST_ROWS, _COMMON_ROWS = 2_000, 50
# No more are looked at: by grams, within a time; and from the newest on, by the name itself.
_GRAMS_ROWS, _INDEX_MS_MAX, _WALK_ROWS = 20_000, 100, 50_000
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


def find_named(*, parts: Sequence[str], limit: int) -> Named:
    """This function will return up to `limit` accounts in use whose name has all of these parts, the latest first.

    Parts have two signs at least; one that is shorter is in no name. The case of A to Z does not matter. Where more
    have them than are looked at, these are of the newest accounts, and not all.
    """
    texts = [contacts.spell_email(part) for part in parts]
    if not texts or min(map(len, texts)) < _PART_CHARS_MIN:
        return Named()
    likes = Texts([sql.having(text) for text in texts])
    is_common = len(_newest_named(likes, rows=_NEWEST_ROWS, limit=_COMMON_ROWS)) == _COMMON_ROWS
    found = None if is_common else _by_grams(texts, likes)
    if found is None:
        return Named(account_ids=tuple(_newest_named(likes, rows=_WALK_ROWS, limit=limit)), is_all=False)
    return Named(account_ids=tuple(found[:limit]), is_all=len(found) <= limit)


def _newest_named(likes: Texts, *, rows: int, limit: int) -> list[int]:
    params = {"likes": likes, "rows": rows, "limit": limit}
    return [account_id for (account_id,) in db.fetch(sql.load(_HERE, "find_newest_named"), params)]


def _by_grams(texts: Sequence[str], likes: Texts) -> list[int] | None:
    """Return the accounts that the index leads to, the latest first; None where it leads to too many."""
    grams = Texts([gram for text in texts for gram in _grams(text)])
    params = {"grams": grams, "likes": likes, "rows": _GRAMS_ROWS}
    rows = db.fetch_by_index(sql.load(_HERE, "find_named"), params, ms_max=_INDEX_MS_MAX)
    if rows is None or rows[0][1] == _GRAMS_ROWS:
        return None
    return sorted(rows[0][0] or [], reverse=True)


def _grams(text: str) -> list[str]:
    size = min(len(text), 3)
    return sorted({text[place : place + size] for place in range(len(text) - size + 1)})[:_GRAMS_MAX]


def read_many(*, account_ids: Collection[int]) -> list[tuple[Account, list[Address]]]:
    """This function will return accounts in use with their addresses, in two statements, in the order asked for."""
    found = {row.pk: to_account(row) for row in models.Account.objects.filter(pk__in=account_ids, state=_ACTIVE)}
    addresses: dict[int, list[Address]] = {account_id: [] for account_id in found}
    for row in models.Address.objects.filter(account_id__in=list(found)).order_by("pk"):
        addresses[row.account_id].append(Address(kind=AddressKind(row.kind), text=row.address, proved_at=row.proved_at))
    return [(found[one], addresses[one]) for one in dict.fromkeys(account_ids) if one in found]


def find_by_email_beginning(*, text: str, limit: int) -> list[int]:
    """This function will return up to `limit` accounts with an email address that begins so, in lower case."""
    return _ids("find_by_beginning", (text, text + chr(0x10FFFF), limit))


def find_by_phone_tail(*, digits: str, limit: int) -> list[int]:
    """This function will return up to `limit` accounts with a telephone number that ends with these digits."""
    return _ids("find_by_tail", (digits, digits, limit))


def find_by_name(*, text: str, limit: int) -> list[int]:
    """This function will return up to `limit` accounts whose owner's name begins so, by name, in either case."""
    return _ids("find_by_name", (text, text, limit))


def find_by_words(*, words: Sequence[str], limit: int) -> list[int]:
    """This function will return up to `limit` accounts with words in their owner's name that begin so.

    Words have letters and digits only.
    """
    return _ids("find_by_words", (" & ".join(f"{word}:*" for word in words), limit))


def _ids(statement: str, params: tuple[str | int, ...]) -> list[int]:
    return [row[0] for row in db.fetch(sql.load(_HERE, statement), params, is_planned_anew=True)]


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
