"""Where orders are looked for that fit a word: by an index each, a bounded number of them whatever they have in common.

What an index has in the sequence of numbers is read from the newest on, and where reading stops is said. What it has in
no sequence is read to its end or not at all (TooMany): then so many fit that they are found from the newest on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import LiteralString

from evertill.domains.orders.types import SearchFilters, WordMeaning
from evertill.kernel import db, ids, sql
from evertill.kernel.arrays import Bigints, Texts

_HERE = "evertill.domains.orders"
# No index is read further, and no statement takes more orders; it takes some tens of milliseconds.
ROWS_MAX = 20_000
# A page of an account is read whole, however many accounts share a name.
_OF_ACCOUNT_MIN = 50
# What so many of the newest have in their contact is common: grams are no way to it, as they are read to their end.
_NEWEST_ROWS, _COMMON_ROWS = 2_000, 50
# So many pages of what is findable, drawn from all of it, tell what is common among older orders.
_DRAWN_PAGES = 40
# Grams that many have are slow to put together even where few have all of them: that is given up after so long.
_INDEX_MS_MAX = 80
_GRAMS_MAX = 8
_MINUTE = 1 << ids.RANDOM_BITS
_LONG_AGO = dt.datetime(1, 1, 2, tzinfo=dt.UTC)


class TooMany(Exception):
    """More orders may fit than are looked at by an index that has them in no sequence.

    `is_late` where only the index told so, which may have taken as long as it is ever given.
    """

    def __init__(self, *, is_late: bool) -> None:
        super().__init__()
        self.is_late = is_late


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Numbers from `floor` on, and below another."""

    floor: int
    below: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Orders that may fit: all that have a number of `down_to` at least; 0 for all that there are."""

    order_ids: Sequence[int]
    down_to: int = 0


def gather(*, words: Sequence[WordMeaning], filters: SearchFilters, stretch: Stretch) -> Candidates:
    """This function will return the orders that may fit, by the word that narrows down the most; raises TooMany."""
    word = narrowest(words)
    ways = [Candidates(order_ids=word.order_ids)]
    if word.number_span:
        ways.append(_by_range(word.number_span, stretch))
    if word.account_ids:
        ways.append(_by_accounts(_together(words, word), stretch))
    ways += [_by_total(total, stretch) for total in word.totals]
    if word.contact:
        ways.append(_by_contact(words, word))
    if not words:
        ways.append(_by_totals(filters))
    return _put_together(ways)


def narrowest(words: Sequence[WordMeaning]) -> WordMeaning:
    """This function will return the word that the fewest orders fit, as far as one can tell."""
    return min(words, key=lambda one: one.breadth, default=WordMeaning())


def _put_together(ways: Iterable[Candidates]) -> Candidates:
    down_to = max(one.down_to for one in ways)
    found = {order_id for one in ways for order_id in one.order_ids if order_id >= down_to}
    return Candidates(order_ids=sorted(found), down_to=down_to)


def _newest(statement: LiteralString, stretch: Stretch, **params: object) -> Candidates:
    """Read the newest of what an index has in the sequence of numbers."""
    asked = {**params, "floor": stretch.floor, "below": stretch.below, "rows": ROWS_MAX}
    found = [order_id for (order_id,) in db.fetch(statement, asked)]
    return Candidates(order_ids=found, down_to=found[-1] if len(found) == ROWS_MAX else 0)


def _by_range(span: tuple[int, int], stretch: Stretch) -> Candidates:
    return _newest(sql.load(_HERE, "find_ids_range"), stretch, first=span[0], last=span[1])


def _by_total(total: int, stretch: Stretch) -> Candidates:
    return _newest(sql.load(_HERE, "find_ids_total"), stretch, total=total)


def _by_totals(filters: SearchFilters) -> Candidates:
    params = {"least": filters.total_min, "most": filters.total_max, "rows": ROWS_MAX}
    rows = db.fetch_by_index(sql.load(_HERE, "find_ids_totals"), params, ms_max=_INDEX_MS_MAX)
    if rows is None or len(rows) == ROWS_MAX:
        raise TooMany(is_late=True)
    return Candidates(order_ids=[order_id for (order_id,) in rows])


def _by_accounts(account_ids: Sequence[int], stretch: Stretch) -> Candidates:
    """Read the newest of each; where one has more, only what is newer than the minute at which its reading stopped."""
    rows = max(ROWS_MAX // len(account_ids), _OF_ACCOUNT_MIN)
    params = {
        "accounts": Bigints(account_ids),
        # What is older than numbers shares the first minute that they know.
        "since": ids.minute_of(stretch.floor) if stretch.floor else _LONG_AGO,
        "until": ids.minute_of(stretch.below - 1 + _MINUTE),
        "rows": rows,
    }
    of_each: dict[int, list[int]] = {}
    for account_id, order_id in db.fetch(sql.load(_HERE, "find_ids_accounts"), params):
        of_each.setdefault(account_id, []).append(order_id)
    stops = [(min(found) & ~(_MINUTE - 1)) + _MINUTE for found in of_each.values() if len(found) == rows]
    down_to = max(stops, default=0)
    if down_to >= stretch.below:
        # All of them within one minute: that is not to be had in parts.
        raise TooMany(is_late=True)
    return Candidates(order_ids=[one for found in of_each.values() for one in found], down_to=down_to)


def _by_contact(words: Sequence[WordMeaning], word: WordMeaning) -> Candidates:
    """By what narrows down the most in most searches: all words are parts of the contact, where all can be."""
    parts = [one.contact for one in words if one.contact] if all(one.contact for one in words) else [word.contact]
    likes = Texts([sql.having(part) for part in parts])
    if _are_common(likes):
        raise TooMany(is_late=False)
    grams = Texts(sorted({gram for part in parts for gram in _grams(part)}))
    params = {"grams": grams, "likes": likes, "rows": ROWS_MAX}
    rows = db.fetch_by_index(sql.load(_HERE, "find_ids_contact"), params, ms_max=_INDEX_MS_MAX)
    if rows is None or rows[0][1] == ROWS_MAX:
        raise TooMany(is_late=True)
    return Candidates(order_ids=rows[0][0] or [])


def _are_common(likes: Texts) -> bool:
    """Say whether parts are common among the newest, or were once: the index is not asked then, which would be late."""
    ((count,),) = db.fetch(sql.load(_HERE, "find_common"), {"likes": likes, "rows": _NEWEST_ROWS})
    if count >= _COMMON_ROWS:
        return True
    ((estimate,),) = db.fetch(sql.load(_HERE, "find_share"), {"likes": likes, "pages": _DRAWN_PAGES})
    return bool(estimate >= ROWS_MAX)


def _together(words: Sequence[WordMeaning], word: WordMeaning) -> list[int]:
    """The accounts that all words name; where there is none, those that one of them names."""
    all_of_them = set(word.account_ids).intersection(*(one.account_ids for one in words))
    return sorted(all_of_them or set(word.account_ids))


def _grams(text: str) -> list[str]:
    grams = sorted({text[place : place + 3] for place in range(len(text) - 2)})
    return grams[:: max(len(grams) // _GRAMS_MAX, 1)][:_GRAMS_MAX]
