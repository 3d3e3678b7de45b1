"""Find customers by what whoever calls may say: an address, the end of a number, a name, the number of an account.

Every search is a look at personal data and is on record; addresses are shown hidden.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from evertill.domains import accounts, orders
from evertill.domains.access import Permission
from evertill.domains.accounts import Account
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, looking
from evertill.kernel import config, ids

__all__ = ["Account", "Found", "find_customers"]

_TEXT_CHARS_MAX = 100
# Fewer digits, or letters, would be half the shop.
_TAIL_DIGITS_MIN, _WORD_CHARS_MIN = 4, 2
_PHONE = re.compile(r"[+0-9][0-9 ()./-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An account that fits, with its addresses hidden."""

    account: Account
    addresses: Sequence[str]


def find_customers(*, asker: Asker, text: str, limit: int, now: dt.datetime) -> list[Found]:
    """This function will return up to `limit` accounts that fit what was typed, the best first; raises Forbidden."""
    typed = " ".join(text[:_TEXT_CHARS_MAX].replace("\0", "").encode(errors="replace").decode().split())
    subject = Subject(kind="customers", id="search")
    with looking(asker=asker, permission=Permission.CUSTOMERS_READ, subject=subject, now=now) as look:
        found = accounts.read_many(account_ids=_candidates(typed, limit=limit)[:limit]) if typed else []
        look.note(found=len(found))
    return [
        Found(account=account, addresses=[accounts.hidden(one.kind, one.text) for one in addresses])
        for account, addresses in found
    ]


def _candidates(typed: str, *, limit: int) -> list[int]:
    if "@" in typed:
        return accounts.find_by_email_beginning(text=typed.lower(), limit=limit)
    if _PHONE.fullmatch(typed):
        return _by_phone(typed, limit=limit)
    number = _by_number(typed)
    if number:
        return number
    found = accounts.find_by_name(text=typed, limit=limit)
    words = [word for word in re.findall(r"\w+", typed) if len(word) >= _WORD_CHARS_MIN]
    if words and len(found) < limit:
        found += accounts.find_by_words(words=words, limit=limit)
    if len(found) < limit:
        found += accounts.find_by_email_beginning(text=typed.lower(), limit=limit)
    return list(dict.fromkeys(found))


def _by_phone(typed: str, *, limit: int) -> list[int]:
    try:
        kind, spelled = accounts.read_address(typed, region=config.get().phone_region)
    except accounts.AddressInvalid:
        exact = None
    else:
        exact = accounts.find(kind=kind, address=spelled)
    digits = "".join(char for char in typed if char.isdecimal())
    tail = accounts.find_by_phone_tail(digits=digits, limit=limit) if len(digits) >= _TAIL_DIGITS_MIN else []
    return [*([exact.id] if exact else []), *tail]


def _by_number(typed: str) -> list[int]:
    """Return the account of this number, or the one that placed the order of this number."""
    try:
        known = ids.from_number(typed)
    except ids.InvalidNumber:
        return []
    if accounts.read(account_id=known) is not None:
        return [known]
    placed_by = orders.read_owner(order_id=known)
    return [placed_by] if placed_by is not None else []
