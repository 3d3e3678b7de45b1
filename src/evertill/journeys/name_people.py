"""Name people: who it was, for lists that know of somebody by his kind and number only."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection

from evertill.domains import access, accounts
from evertill.domains.trail import ActorKind
from evertill.kernel import ids

__all__ = ["name_colleagues", "numbered"]


def name_colleagues(*, names: Collection[str]) -> dict[str, str]:
    """This function will return what colleagues are called, by what records say of them, such as `STAFF:17`.

    Only those who work for the shop: nobody else's name is told by this. Everybody calls himself as he likes, so those
    of one name have the numbers of their accounts beside it. Two statements, however many they are.
    """
    numbers = {int(name.partition(":")[2]): name for name in names if _is_staff(name)}
    if not numbers:
        return {}
    known = accounts.read_names(account_ids=[one.account_id for one in access.list_staff()])
    bearers = Counter(map(_plain, known.values()))
    return {
        numbers[account_id]: name if bearers[_plain(name)] == 1 else numbered(name, account_id)
        for account_id, name in known.items()
        if name and account_id in numbers
    }


def numbered(name: str, account_id: int) -> str:
    """This function will return a name that is not enough to tell somebody by, with the number of his account."""
    return f"{name} ({ids.to_number(account_id)})"


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _is_staff(name: str) -> bool:
    kind, _, number = name.partition(":")
    return kind == ActorKind.STAFF.value and number.isdecimal()
