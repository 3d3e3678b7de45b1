"""Writes of accounts. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from evertill.domains.accounts import models
from evertill.domains.accounts.queries import to_account
from evertill.domains.accounts.types import Account, AccountState, AddressKind
from evertill.kernel import config
from evertill.kernel.errors import EvertillError

_ACTIVE = AccountState.ACTIVE.value


class AddressInUse(EvertillError):
    """An account has this address. Only who has just proved it is told."""

    code = "ADDRESS_IN_USE"
    status = "conflict"
    remedy = "Sign in with this address, or use another one."


class TooManyAddresses(EvertillError):
    """The account has as many addresses as it may have."""

    code = "TOO_MANY_ADDRESSES"
    status = "conflict"
    remedy = "Remove an address first."


def open_account(*, account_id: int, display_name: str, language: str, now: dt.datetime) -> None:
    """This function will open an account that has no way in yet: the caller adds one in the same transaction."""
    models.Account.objects.create(
        id=account_id, state=_ACTIVE, display_name=display_name, language=language[:16], created_at=now
    )


def lock(*, account_id: int) -> Account | None:
    """This function will return an account that is in use, and hold it: whoever changes the same account waits.

    Every journey that changes an account, or what identity keeps of it, begins with this.
    """
    found = models.Account.objects.select_for_update().filter(pk=account_id, state=_ACTIVE).first()
    return None if found is None else to_account(found)


def add_address(*, account_id: int, kind: AddressKind, address: str, now: dt.datetime) -> None:
    """This function will give a locked account an address that was just proved; one that it has is proved anew.

    Raises AddressInUse when another account has it, and TooManyAddresses.
    """
    mine = models.Address.objects.filter(account_id=account_id)
    if mine.filter(kind=kind.value, address=address).update(proved_at=now):
        return
    if mine.count() >= config.get().account_addresses_max:
        raise TooManyAddresses("This account has as many addresses as it may have.")
    try:
        # A savepoint, so that the caller's transaction lives on.
        with transaction.atomic():
            models.Address.objects.create(account_id=account_id, kind=kind.value, address=address, proved_at=now)
    except IntegrityError as error:
        if "accounts_address_once" not in str(error):
            raise
        raise AddressInUse("Another account has this address.") from None


def remove_address(*, account_id: int, kind: AddressKind, address: str) -> bool:
    """This function will take an address from a locked account, and say whether it had it."""
    gone, _each = models.Address.objects.filter(account_id=account_id, kind=kind.value, address=address).delete()
    return gone == 1


def rename(*, account_id: int, display_name: str) -> None:
    """This function will change the name that an account is shown by."""
    models.Account.objects.filter(pk=account_id, state=_ACTIVE).update(display_name=display_name)


def set_password(*, account_id: int, encoded: str, now: dt.datetime) -> None:
    """This function will store a password's hash, "" for no password."""
    models.Account.objects.filter(pk=account_id, state=_ACTIVE).update(password=encoded, password_at=now)


def upgrade_password(*, account_id: int, was: str, encoded: str) -> None:
    """This function will store a password hashed anew, unless it was changed meanwhile."""
    models.Account.objects.filter(pk=account_id, state=_ACTIVE, password=was).update(password=encoded)


def set_sms_second(*, account_id: int, is_on: bool) -> None:
    """This function will make an SMS code the account's second step, or no longer."""
    models.Account.objects.filter(pk=account_id, state=_ACTIVE).update(sms_second=is_on)


def erase(*, account_id: int, now: dt.datetime) -> bool:
    """This function will empty an account and take its addresses, and say whether it was in use.

    Its number stays, so that what the law keeps of its orders goes on belonging together.
    """
    models.Address.objects.filter(account_id=account_id).delete()
    return (
        models.Account.objects.filter(pk=account_id, state=_ACTIVE).update(
            state=AccountState.DELETED.value,
            display_name="",
            password="",
            password_at=None,
            sms_second=False,
            deleted_at=now,
        )
        == 1
    )
