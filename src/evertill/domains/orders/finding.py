"""Finding orders by whatever somebody says of them. What is searched beside the orders is made by a job, behind them.

The money path pays nothing for it: `orders_found` is filled a few minutes later, and what is not in it yet is looked
through as it stands (decision 0032).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, LiteralString

from evertill.domains.orders.types import Found, SearchFilters, State, WordMeaning
from evertill.kernel import db, ids, sql
from evertill.kernel.arrays import Bigints, Texts

_HERE = "evertill.domains.orders"
# Orders that may not be findable yet: ids are made before the commit, and their minute is all that they tell.
_LAG = dt.timedelta(minutes=2)
# Of the latest orders so many are looked through as they stand. What fills no page there is rare enough for an index.
_NEAR_ROWS = 20_000
# First these; what fewer of them fit than so many would not fill a page of all that are near, either.
_NEWEST_ROWS, _RARE_ROWS = 2_000, 5
_ALL = (1 << ids.BITS) - 1
_GRAMS_MAX = 8
_COLUMNS: LiteralString = "select o.id, o.state, o.currency, o.total, o.email, o.phone, o.account_id, o.placed_at\n"
_TAIL: LiteralString = "\norder by o.id desc\nlimit %(limit)s"
_PLACES: tuple[LiteralString, ...] = ("0", "1", "2", "3")


def make_findable(*, now: dt.datetime, limit: int) -> int:
    """This function will make up to `limit` orders findable, in the order in which they were placed; returns how many.

    Fewer than `limit` means that none is left that is old enough.
    """
    db.execute(sql.load(_HERE, "begin_finding"))
    until = _floor(now - _LAG)
    ((count,),) = db.fetch(sql.load(_HERE, "make_findable"), {"until": until, "limit": limit})
    return int(count)


def make_these_findable(*, order_ids: Sequence[int]) -> None:
    """This function will make orders findable that were written under numbers of long ago, as rebuilt ones are."""
    db.execute(sql.load(_HERE, "make_these_findable"), (Bigints(order_ids),))


def find_orders(*, words: Sequence[WordMeaning], filters: SearchFilters, behind: int | None, limit: int) -> list[Found]:
    """This function will return up to `limit` orders that fit every word and all filters, the latest first.

    They come by number, which begins with the minute of placing; `behind` is the last number of the page before.
    """
    if any(word.is_empty for word in words):
        return []
    shared = _shared(words, filters, behind=behind, limit=limit)
    tests = sql.load(_HERE, "find_filters") + "".join(
        "\n" + sql.load(_HERE, "find_word").replace("#", place) for place in _PLACES[: len(words)]
    )
    found: dict[int, Found] = {}

    def look(source: str, **params: object) -> int:
        statement = _COLUMNS + sql.load(_HERE, source) + "\n" + tests + _TAIL
        # What is the best way depends on how much a word narrows down.
        rows = db.fetch(statement, {**shared, **params}, is_planned_anew=True)
        found.update((row[0], _found(row)) for row in rows)
        return len(rows)

    if not _look_near(words, filters, look=look, limit=limit):
        for source, params in _sources(words, filters):
            look(source, **params)
    return sorted(found.values(), key=lambda one: one.id, reverse=True)[:limit]


def _look_near(words: Sequence[WordMeaning], filters: SearchFilters, *, look: Callable[..., int], limit: int) -> bool:
    """Look among the latest orders, and say whether they fill the page, as they do for what is common.

    What is rare is found by an index, but for what is too new for that, which is looked through in any case.
    """
    word = _narrowest(words)
    if not (word.contact or word.totals or not words) or _walks(words, filters):
        return False
    newest = look("find_source_near", near=_NEWEST_ROWS, near_floor=-1)
    if newest == limit:
        return True
    is_rare = newest < _RARE_ROWS
    return look("find_source_near", near=_NEAR_ROWS, near_floor=_behind() if is_rare else -1) == limit


def _sources(words: Sequence[WordMeaning], filters: SearchFilters) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where the one word leads that narrows down the most; everywhere, without any."""
    if _walks(words, filters):
        yield "find_source_walk", {}
        return
    word = _narrowest(words)
    if word.order_ids:
        yield "find_source_ids", {"source_ids": Bigints(word.order_ids)}
    if word.number_span:
        first, last = word.number_span
        yield "find_source_range", {"source_from": first, "source_to": last}
    if word.account_ids:
        yield "find_source_accounts", {"source_accounts": Bigints(_together(words, word))}
    for total in word.totals:
        yield "find_source_total", {"source_total": total}
    if word.contact:
        yield from _by_contact(words, word)
    if not words:
        yield "find_source_span", {"source_min": filters.total_min, "source_max": filters.total_max}


def _walks(words: Sequence[WordMeaning], filters: SearchFilters) -> bool:
    """Say whether nothing narrows orders down that an index knows."""
    return not words and None in (filters.total_min, filters.total_max)


def _narrowest(words: Sequence[WordMeaning]) -> WordMeaning:
    return min(words, key=lambda one: one.breadth, default=WordMeaning())


def _together(words: Sequence[WordMeaning], word: WordMeaning) -> list[int]:
    """The accounts that all words name; where there is none, those that one of them names."""
    all_of_them = set(word.account_ids).intersection(*(one.account_ids for one in words))
    return sorted(all_of_them or word.account_ids)


def _by_contact(words: Sequence[WordMeaning], word: WordMeaning) -> Iterator[tuple[str, dict[str, Any]]]:
    """By what narrows down the most in most searches: all words are parts of the contact, where all can be."""
    parts = [one.contact for one in words if one.contact] if all(one.contact for one in words) else [word.contact]
    grams = sorted({gram for part in parts for gram in _grams(part)})
    yield (
        "find_source_contact",
        {"source_grams": Texts(grams), "source_likes": Texts([sql.having(part) for part in parts])},
    )


def _behind() -> int:
    rows = db.fetch(sql.load(_HERE, "read_finding"))
    return int(rows[0][0]) if rows else 0


def sum_span(*, since: dt.datetime, until: dt.datetime) -> list[tuple[State, str, int, int]]:
    """This function will return (state, currency, orders, minor units) of what was placed in a span.

    To the minute: that in which it ends belongs to it.
    """
    rows = db.fetch(sql.load(_HERE, "sum_span"), (_floor(since), _ceiling(until)))
    return [(State(state), currency, count, total) for state, currency, count, total in rows]


def _shared(
    words: Sequence[WordMeaning], filters: SearchFilters, *, behind: int | None, limit: int
) -> Mapping[str, Any]:
    asked: dict[str, Any] = {
        "behind": _ALL if behind is None else behind,
        "states": Texts([state.value for state in filters.states]) if filters.states else None,
        "since": filters.since,
        "until": filters.until,
        "floor": _floor(filters.since) if filters.since else 0,
        "ceiling": _ceiling(filters.until) if filters.until else _ALL,
        "currency": filters.currency or None,
        "total_min": filters.total_min,
        "total_max": filters.total_max,
        "limit": limit,
    }
    for place, word in zip(_PLACES, words, strict=False):
        first, last = word.number_span or (1, 0)
        asked |= {
            f"like_{place}": sql.having(word.contact) if word.contact else None,
            f"totals_{place}": Bigints(word.totals),
            f"from_{place}": first,
            f"to_{place}": last,
            f"accounts_{place}": Bigints(word.account_ids),
            f"ids_{place}": Bigints(word.order_ids),
        }
    return asked


def _floor(moment: dt.datetime) -> int:
    """Return the least id of a moment's minute; moments before the epoch are its first."""
    return min(_minute(moment) << ids.RANDOM_BITS, _ALL)


def _ceiling(moment: dt.datetime) -> int:
    """Return the least id of the minute after: that in which the moment lies belongs to it in part."""
    return min((_minute(moment) + 1) << ids.RANDOM_BITS, _ALL)


def _minute(moment: dt.datetime) -> int:
    return max(int((moment - ids.EPOCH).total_seconds()) // 60, 0)


def _grams(text: str) -> list[str]:
    grams = sorted({text[place : place + 3] for place in range(len(text) - 2)})
    return grams[:: max(len(grams) // _GRAMS_MAX, 1)][:_GRAMS_MAX]


def _found(row: Sequence[Any]) -> Found:
    order_id, state, currency, total, email, phone, account_id, placed_at = row
    return Found(
        id=order_id,
        state=State(state),
        currency=currency,
        total=total,
        email=email,
        phone=phone,
        account_id=account_id,
        placed_at=placed_at,
    )
