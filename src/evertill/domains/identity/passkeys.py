"""Passkeys: keys in people's devices that prove who they are by fingerprint, face or PIN. Callers hold a transaction.

Here they are kept, named and removed. How one is made and used stands in `ceremonies`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evertill.domains.identity.types import Passkey
from evertill.kernel import db, sql
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.identity"
_NAME_CHARS_MAX = 60


class TooManyPasskeys(EvertillError):
    """The account has as many passkeys as one may have."""

    code = "TOO_MANY_PASSKEYS"
    status = "conflict"
    remedy = "Remove one that is not in use any more."


class PasskeyNotFound(EvertillError):
    """The account has no such passkey."""

    code = "PASSKEY_NOT_FOUND"
    status = "not_found"
    remedy = "Look at the list of passkeys; it may have been removed already."


class PasskeyNameInvalid(EvertillError):
    """A passkey's name is empty, too long, or has signs in it that cannot be shown."""

    code = "PASSKEY_NAME_INVALID"
    remedy = f"Name it with 1 to {_NAME_CHARS_MAX} characters."


def list_all(*, account_id: int) -> list[Passkey]:
    """This function will return an account's passkeys, the newest first."""
    return [from_row(row) for row in db.fetch(sql.load(_HERE, "list_passkeys"), (account_id,))]


def count(*, account_id: int) -> int:
    """This function will return how many of an account's passkeys prove something: those that are not suspected."""
    ((left,),) = db.fetch(sql.load(_HERE, "count_passkeys"), (account_id,))
    return int(left)


def rename(*, account_id: int, passkey_id: int, name: str) -> None:
    """This function will give a passkey another name; raises PasskeyNameInvalid and PasskeyNotFound."""
    if not db.execute(sql.load(_HERE, "rename_passkey"), (checked_name(name), account_id, passkey_id)):
        raise PasskeyNotFound("This account has no such passkey.")


def remove(*, account_id: int, passkey_id: int) -> Passkey:
    """This function will remove a passkey and return what it was; raises PasskeyNotFound."""
    rows = db.fetch(sql.load(_HERE, "remove_passkey"), (account_id, passkey_id))
    if not rows:
        raise PasskeyNotFound("This account has no such passkey.")
    return from_row(rows[0])


def remove_all(*, account_id: int) -> int:
    """This function will remove all that an account has of passkeys, and return how many there were."""
    removed = db.execute(sql.load(_HERE, "remove_passkeys"), (account_id,))
    db.execute(sql.load(_HERE, "remove_passkey_holder"), (account_id,))
    return removed


def keep_handle(*, account_id: int, handle: bytes) -> bytes:
    """This function will give an account this user handle if it has none, and return the one that it has."""
    db.execute(sql.load(_HERE, "add_passkey_holder"), (account_id, handle))
    ((kept,),) = db.fetch(sql.load(_HERE, "passkey_holder"), (account_id,))
    return bytes(kept)


def checked_name(name: str) -> str:
    """This function will return a passkey's name as it is shown; raises PasskeyNameInvalid."""
    shown = " ".join(name.split())
    if not 1 <= len(shown) <= _NAME_CHARS_MAX or not shown.isprintable():
        raise PasskeyNameInvalid("This cannot be the name of a passkey.")
    return shown


def from_row(row: Sequence[Any]) -> Passkey:
    """This function will return the passkey of a row of add_passkey, list_passkeys or remove_passkey."""
    (
        passkey_id,
        name,
        credential_id,
        transports,
        is_backup_eligible,
        is_backed_up,
        added_at,
        used_at,
        suspected_at,
    ) = row
    return Passkey(
        id=passkey_id,
        name=name,
        credential_id=bytes(credential_id),
        transports=tuple(transports),
        is_backup_eligible=is_backup_eligible,
        is_backed_up=is_backed_up,
        added_at=added_at,
        used_at=used_at,
        suspected_at=suspected_at,
    )
