"""Finding orders by whatever somebody says of them. What is searched beside the orders is made by a job, behind them.

The money path pays nothing for it: `orders_found` is filled a few minutes later, and what is not in it yet is looked
through as it stands (decision 0032).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

from evertill.domains.orders import candidates
from evertill.domains.orders.candidates import Stretch
from evertill.domains.orders.types import Found, Looked, SearchFilters, State, WordMeaning
from evertill.kernel import db, ids, sql
from evertill.kernel.arrays import Bigints, Texts

_HERE = "evertill.domains.orders"
# Orders that may not be findable yet: ids are made before the commit, and their minute is all that they tell.
_LAG = dt.timedelta(minutes=2)
# Of the latest orders so many are looked through as they stand. What fills no page there is rare enough for an index.
_NEAR_ROWS = 20_000
# First these; what fewer of them fit than so many would not fill a page of all that are near, either.
_NEWEST_ROWS, _RARE_ROWS = 2_000, 5
# What is neither common nor to be had by an index is looked for among so many of the latest at a time.
_WALK_ROWS = 100_000
# Among fewer where an index was asked first, and in vain: both together are to take no longer than either may.
_WALK_LATE_ROWS = 50_000
_CHUNK_ROWS = 1_000
_ALL = (1 << ids.BITS) - 1
_COLUMNS: LiteralString = "select o.id, o.state, o.currency, o.total, o.email, o.phone, o.account_id, o.placed_at\n"
_TAIL: LiteralString = "\norder by o.id desc\nlimit %(limit)s + 1"
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


def find_orders(*, words: Sequence[WordMeaning], filters: SearchFilters, behind: int | None, limit: int) -> Looked:
    """This function will return up to `limit` orders that fit every word and all filters, the latest first.

    They come by number, which begins with the minute of placing; `behind` is the last number of the page before.
    However many orders there are and whatever they have in common, it looks at no more than a bounded number of them:
    where it stops before the page is full, it says so (`is_cut`), and behind which number the rest is to be looked for.
    """
    if any(word.is_empty for word in words):
        return Looked()
    stretch = _stretch(filters, behind=behind)
    found = _Finding(
        tests=_tests(words), params=_params(words, filters, stretch, limit=limit), stretch=stretch, limit=limit
    )
    near = _look_near(words, filters, found)
    if near is not None:
        return near
    if _walks(words, filters):
        return found.walk(rows=_WALK_ROWS)
    try:
        some = candidates.gather(words=words, filters=filters, stretch=stretch)
    except candidates.TooMany as many:
        return found.walk(rows=_WALK_LATE_ROWS if many.is_late else _WALK_ROWS)
    found.read(some.order_ids)
    return found.page(down_to=some.down_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    """A search while it goes on: what is asked of each order, and those that fitted so far."""

    tests: LiteralString
    params: Mapping[str, Any]
    stretch: Stretch
    limit: int
    fitting: dict[int, Found] = field(default_factory=dict)

    def newest(self, *, rows: int, above: int = -1) -> int:
        """Look at the newest orders as they stand; return how many of them fit, up to one more than a page."""
        return self._look("find_newest", rows=rows, floor=max(self.stretch.floor, above + 1))

    def walk(self, *, rows: int) -> Looked:
        """Look at many of the newest, and say where that ended."""
        if self.newest(rows=rows) > self.limit:
            return self.page()
        asked = {"below": self.stretch.below, "floor": self.stretch.floor, "rows": rows}
        last = db.fetch(sql.load(_HERE, "find_end"), asked)
        return self.page(down_to=last[0][0] if last else 0)

    def read(self, order_ids: Sequence[int]) -> None:
        """Look at orders by their ids, the newest first, until a page is full."""
        newest_first, fitting = sorted(order_ids, reverse=True), 0
        for place in range(0, len(newest_first), _CHUNK_ROWS):
            fitting += self._look("find_among", order_ids=Bigints(newest_first[place : place + _CHUNK_ROWS]))
            if fitting > self.limit:
                return

    def page(self, *, down_to: int = 0) -> Looked:
        """Make a page of what fitted among the orders that have a number of `down_to` at least; 0: among all."""
        newest_first = sorted((one for one in self.fitting if one >= down_to), reverse=True)[: self.limit + 1]
        shown = [self.fitting[one] for one in newest_first[: self.limit]]
        if len(newest_first) > self.limit:
            return Looked(orders=tuple(shown), older=shown[-1].id)
        return Looked(orders=tuple(shown), older=down_to or None, is_cut=down_to > 0)

    def _look(self, source: str, **params: object) -> int:
        statement = _COLUMNS + sql.load(_HERE, source) + self.tests + _TAIL
        # What is the best way depends on how much a word narrows down.
        rows = db.fetch(statement, {**self.params, **params}, is_planned_anew=True)
        self.fitting.update((row[0], _found(row)) for row in rows)
        return len(rows)


def _look_near(words: Sequence[WordMeaning], filters: SearchFilters, found: _Finding) -> Looked | None:
    """Look among the latest orders, and return the page that they fill, as they do for what is common.

    What is rare is found by an index, but for what is too new for that, which is looked through in any case.
    """
    word = candidates.narrowest(words)
    if not (word.contact or word.totals or not words) or _walks(words, filters):
        return None
    newest = found.newest(rows=_NEWEST_ROWS)
    if newest <= found.limit:
        newest = found.newest(rows=_NEAR_ROWS, above=_behind() if newest < _RARE_ROWS else -1)
    return found.page() if newest > found.limit else None


def _walks(words: Sequence[WordMeaning], filters: SearchFilters) -> bool:
    """Say whether nothing narrows orders down that an index knows."""
    return not words and None in (filters.total_min, filters.total_max)


def _behind() -> int:
    rows = db.fetch(sql.load(_HERE, "read_finding"))
    return int(rows[0][0]) if rows else 0


def sum_span(*, since: dt.datetime, until: dt.datetime) -> list[tuple[State, str, int, int]]:
    """This function will return (state, currency, orders, minor units) of what was placed in a span.

    To the minute: that in which it ends belongs to it.
    """
    rows = db.fetch(sql.load(_HERE, "sum_span"), (_floor(since), _ceiling(until)))
    return [(State(state), currency, count, total) for state, currency, count, total in rows]


def _stretch(filters: SearchFilters, *, behind: int | None) -> Stretch:
    ends = [_ALL, *([behind] if behind is not None else []), *([_ceiling(filters.until)] if filters.until else [])]
    return Stretch(floor=_floor(filters.since) if filters.since else 0, below=min(ends))


def _tests(words: Sequence[WordMeaning]) -> LiteralString:
    of_words = [sql.load(_HERE, "find_word").replace("#", place) for place in _PLACES[: len(words)]]
    return "\n" + "\n".join([sql.load(_HERE, "find_filters"), *of_words])


def _params(words: Sequence[WordMeaning], filters: SearchFilters, stretch: Stretch, *, limit: int) -> Mapping[str, Any]:
    asked: dict[str, Any] = {
        "states": Texts([state.value for state in filters.states]) if filters.states else None,
        "since": filters.since,
        "until": filters.until,
        "floor": stretch.floor,
        "below": stretch.below,
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
