"""Accounts: who has one, at which proved addresses, and by which password. Nobody's unproved address stands here."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.accounts import passwords
    from evertill.domains.accounts.operations import (
        AddressInUse,
        TooManyAddresses,
        add_address,
        erase,
        lock,
        open_account,
        remove_address,
        rename,
        set_password,
        set_sms_second,
        upgrade_password,
    )
    from evertill.domains.accounts.queries import (
        find,
        find_all,
        find_by_email_beginning,
        find_by_name,
        find_by_phone_tail,
        find_by_words,
        find_deleted,
        find_named,
        read,
        read_addresses,
        read_many,
        read_names,
        read_password,
    )
    from evertill.domains.accounts.rules import (
        AddressInvalid,
        NameInvalid,
        hidden,
        is_named,
        name_of,
        normalise,
        read_address,
        words_of,
    )
    from evertill.domains.accounts.types import Account, AccountState, Address, AddressKind, Named

__getattr__ = open_door(__name__)

__all__ = [
    "Account",
    "AccountState",
    "Address",
    "AddressInUse",
    "AddressInvalid",
    "AddressKind",
    "NameInvalid",
    "Named",
    "TooManyAddresses",
    "add_address",
    "erase",
    "find",
    "find_all",
    "find_by_email_beginning",
    "find_by_name",
    "find_by_phone_tail",
    "find_by_words",
    "find_deleted",
    "find_named",
    "hidden",
    "is_named",
    "lock",
    "name_of",
    "normalise",
    "open_account",
    "passwords",
    "read",
    "read_address",
    "read_addresses",
    "read_many",
    "read_names",
    "read_password",
    "remove_address",
    "rename",
    "set_password",
    "set_sms_second",
    "upgrade_password",
    "words_of",
]
