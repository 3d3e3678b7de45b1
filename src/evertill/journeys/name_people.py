"""Name people: who it was, for lists that know of somebody by his kind and number only."""

from __future__ import annotations

from collections.abc import Collection

from evertill.domains import access, accounts
from evertill.domains.trail import ActorKind

__all__ = ["name_colleagues"]


def name_colleagues(*, names: Collection[str]) -> dict[str, str]:
    """This function will return what colleagues are called, by what records say of them, such as `STAFF:17`.

    Only those who work for the shop: nobody else's name is told by this. Two statements, however many they are.
    """
    numbers = {int(name.partition(":")[2]): name for name in names if _is_staff(name)}
    working = access.which_are_staff(account_ids=list(numbers)) if numbers else ()
    known = accounts.read_names(account_ids=working)
    return {numbers[account_id]: name for account_id, name in known.items() if name}


def _is_staff(name: str) -> bool:
    kind, _, number = name.partition(":")
    return kind == ActorKind.STAFF.value and number.isdecimal()
