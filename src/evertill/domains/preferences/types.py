"""Values that cross the boundary of preferences."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Name(StrEnum):
    """What the shop decides for itself: a room, a dot, and what is decided there."""

    SHOP_NAME = "shop.name"
    SHOP_CONTACT = "shop.contact"
    TIME_ZONE = "shop.time-zone"
    BANNER_EN = "banner.en"
    BANNER_ZH = "banner.zh-hans"
    REFUND_ALONE_MAX = "refunds.alone-max"
    PRICE_ALONE_PERCENT = "prices.alone-percent"
    REVIEW_FROM = "orders.review-from"
    STOCK_LOW = "stock.low"
    SUBMISSION_KEEP_DAYS = "submissions.keep-days"


class Kind(StrEnum):
    """What a value is."""

    TEXT = "TEXT"
    # A name of the IANA time zone database.
    ZONE = "ZONE"
    # Minor units, of whatever currency is asked about.
    AMOUNT = "AMOUNT"
    PERCENT = "PERCENT"
    DAYS = "DAYS"
    PIECES = "PIECES"

    @property
    def is_number(self) -> bool:
        """Whether a value is a whole number."""
        return self not in (Kind.TEXT, Kind.ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What can be decided: in one sentence, within which range, and what holds until somebody decides.

    `low` and `high` bound a number, or the characters of a text. A sensitive one guards money or people, so another
    person approves its change. Where `setting` names one of the environment, that is the default.
    """

    kind: Kind
    says: str
    default: int | str
    low: int = 0
    high: int
    is_sensitive: bool = False
    setting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What holds now. Version 0 is the default, which nobody has changed."""

    name: Name
    value: int | str
    version: int
    changed_at: dt.datetime | None = None
    changed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that was decided, by whom and why."""

    name: Name
    version: int
    value: int | str
    changed_at: dt.datetime
    changed_by: str
    why: str
