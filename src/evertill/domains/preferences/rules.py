"""What can be decided, and which texts are a value of it. One table; whatever is not in it cannot be decided."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from evertill.domains.preferences.types import Declared, Kind, Name
from evertill.kernel import days
from evertill.kernel.errors import EvertillError

# Values are only ever added; the newest one holds, and undoing adds the older one again.
RIGHTS: Mapping[str, tuple[str, ...]] = {"preferences_value": ("select", "insert")}

_NUMBER = re.compile(r"[0-9]{1,15}")
# What would break a line, or turn the direction of what is read.
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

DECLARED: Mapping[Name, Declared] = MappingProxyType(
    {
        Name.SHOP_NAME: Declared(
            kind=Kind.TEXT,
            says="What the shop is called, on its pages and wherever else customers read it; empty means Evertill.",
            default="",
            high=60,
            setting="shop_name",
        ),
        Name.SHOP_CONTACT: Declared(
            kind=Kind.TEXT,
            says="How customers reach the shop: an address, a telephone number or both; at the foot of its pages.",
            default="",
            high=200,
        ),
        Name.TIME_ZONE: Declared(
            kind=Kind.ZONE,
            says="Where the shop's day begins and ends, e.g. Asia/Shanghai: for what came in today, for days that are"
            " searched, and for prices that begin later.",
            default="UTC",
            high=60,
        ),
        Name.BANNER_EN: Declared(
            kind=Kind.TEXT,
            says="A message at the top of the shop's pages in English; empty shows none.",
            default="",
            high=300,
        ),
        Name.BANNER_ZH: Declared(
            kind=Kind.TEXT,
            says="A message at the top of the shop's pages in Chinese; empty shows none.",
            default="",
            high=300,
        ),
        Name.REFUND_ALONE_MAX: Declared(
            kind=Kind.AMOUNT,
            says="Minor units (pence, fen, yen) of one order that a member of staff gives back alone, all of its"
            " refunds together; beyond it another person approves.",
            default=20_000,
            high=10**12,
            is_sensitive=True,
            setting="refund_alone_max",
        ),
        Name.PRICE_ALONE_PERCENT: Declared(
            kind=Kind.PERCENT,
            says="Percent by which a member of staff changes a price alone, up or down; beyond it another person"
            " approves.",
            default=20,
            high=1000,
            is_sensitive=True,
        ),
        Name.REVIEW_FROM: Declared(
            kind=Kind.AMOUNT,
            says="Total in minor units from which an order is reviewed before anything is handed over; 0 reviews none"
            " for its total.",
            default=0,
            high=10**15,
            is_sensitive=True,
        ),
        Name.STOCK_LOW: Declared(
            kind=Kind.PIECES,
            says="Pieces left, or fewer, at which something is shown as running out.",
            default=5,
            high=1_000_000,
        ),
        Name.SUBMISSION_KEEP_DAYS: Declared(
            kind=Kind.DAYS,
            says="Days for which a checkout that failed through our fault is kept; customers are told.",
            default=30,
            low=1,
            high=365,
            is_sensitive=True,
            setting="submission_keep_days",
        ),
    }
)


class PreferenceInvalid(EvertillError):
    """This cannot be decided, or not so."""

    code = "PREFERENCE_INVALID"
    remedy = "Look at what it is for and at its range, and try again."


def read_value(name: Name, text: str) -> int | str:
    """This function will read what somebody typed as a value; raises PreferenceInvalid.

    Space around it and between words counts as one space at most.
    """
    declared = DECLARED[name]
    if not declared.kind.is_number:
        words = " ".join(text.split())
        if _UNPRINTED.search(words):
            raise PreferenceInvalid("This has a character that cannot be shown.", name=name.value)
        if len(words) > declared.high:
            raise PreferenceInvalid(f"This takes up to {declared.high} characters, not {len(words)}.", name=name.value)
        if declared.kind is Kind.ZONE and not days.is_zone(words):
            raise PreferenceInvalid("There is no time zone of this name.", name=name.value)
        return words
    number = text.strip()
    if not _NUMBER.fullmatch(number) or not declared.low <= int(number) <= declared.high:
        raise PreferenceInvalid(f"This takes a whole number from {declared.low} to {declared.high}.", name=name.value)
    return int(number)
