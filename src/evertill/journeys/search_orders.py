"""Search orders: by anything that a caller may say, and by what they have in common; and what a list of them shows.

Words are looked for in numbers, addresses, telephone numbers, names, amounts and what providers call payments; a day
narrows them down. Looking is recorded: what was looked for, and how many were shown.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from evertill.domains import accounts, orders, payments, preferences
from evertill.domains.access import Permission
from evertill.domains.orders import Found, Looked, SearchFilters, State, WordMeaning
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, looking
from evertill.kernel import contacts, days, ids
from evertill.kernel.money import Money, exponent

__all__ = [
    "FIELDS",
    "Listed",
    "Page",
    "Search",
    "SearchFilters",
    "State",
    "find",
    "listed",
    "read_search",
    "search_orders",
]

PAGE = 50
# What can be asked for in words: see read_search.
FIELDS = ("q", "state", "since", "until", "least", "most", "currency", "method")
_CHARS_MAX = 200
_CURRENCY = re.compile(r"[A-Z]{3}")
_METHOD = re.compile(r"[a-z0-9_-]{1,32}(\.[a-z0-9_-]{1,16})?")
_AMOUNT = re.compile(r"\d{1,12}([.,]\d{1,3})?")
# People of one name whose orders are looked at; of more it takes another word to tell them apart.
_NAMED_MAX = 500
# A filter by method reads orders and then their payments: so many at a time, and at most so often for one page.
_CHUNK, _CHUNKS_MAX = 400, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for: words, and filters. `method` is a provider's name, or `provider.way`."""

    text: str = ""
    filters: SearchFilters = field(default_factory=SearchFilters)
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An order of a list, with its customer's name ("" for a guest) and how it was paid, or is to be."""

    order: Found
    name: str
    payments: tuple[payments.Intent, ...]
    is_held: bool

    @property
    def total(self) -> Money:
        return Money(amount=self.order.total, currency=self.order.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of what was found; `older` is what leads behind it, None where it is the last.

    Of a page that is not full, orders were looked through back to `looked_back_to`; None: all were. Of the `crowded`
    words more accounts have each in their name than were looked at.
    """

    orders: tuple[Listed, ...]
    older: int | None
    day: dt.date | None = None
    looked_back_to: dt.datetime | None = None
    crowded: tuple[str, ...] = ()


def read_search(asked: Mapping[str, str]) -> Search:
    """This function will read what is asked for in words, as an address says it; what cannot be, is not said."""
    currency = asked.get("currency", "").strip().upper()
    method = asked.get("method", "").strip()
    zone = preferences.recall_zone()
    since, until = days.read(asked.get("since", "")), days.read(asked.get("until", ""))
    state = asked.get("state", "")
    currency = currency if _CURRENCY.fullmatch(currency) else ""
    filters = SearchFilters(
        states=(State(state),) if state in set(State) else (),
        since=days.begin_of(since, zone) if since else None,
        until=days.end_of(until, zone) if until else None,
        currency=currency,
        total_min=_minor(asked.get("least", ""), currency),
        total_max=_minor(asked.get("most", ""), currency),
    )
    text = asked.get("q", "")[:_CHARS_MAX]
    return Search(text=text, filters=filters, method=method if _METHOD.fullmatch(method) else "")


def search_orders(
    *, asker: Asker, search: Search, behind: int | None = None, limit: int = PAGE, now: dt.datetime
) -> Page:
    """This function will return a page of the orders that fit, the latest numbers first; raises Forbidden.

    Every word has to fit, as one of the things that it can mean.
    """
    subject = Subject(kind="orders", id="search")
    with looking(asker=asker, permission=Permission.ORDERS_READ, subject=subject, now=now) as look:
        page = find(search=search, behind=behind, limit=limit, now=now)
        look.note(words=len(search.text.split()), found=len(page.orders))
    return page


def find(*, search: Search, behind: int | None, limit: int, now: dt.datetime) -> Page:
    """This function will return a page of the orders that fit; who may see it is the caller's to check."""
    zone = preferences.recall_zone()
    said = orders.words.read(search.text, today=now.astimezone(zone).date())
    filters = search.filters
    if said.day is not None:
        filters = _within(filters, days.begin_of(said.day, zone), days.end_of(said.day, zone))
    currency = next((word.currency for word in said.words if word.currency), "")
    if currency and not filters.currency:
        filters = msgspec.structs.replace(filters, currency=currency)
    named = [_named(word) for word in said.words]
    together = _named(*said.words) if len([word for word in said.words if word.name]) > 1 else accounts.Named()
    meant = [
        _meaning(word, account_ids=of_word.account_ids + together.account_ids)
        for word, of_word in zip(said.words, named, strict=True)
    ]
    looked = _find(meant, filters, method=search.method, behind=behind, limit=limit)
    return Page(
        orders=tuple(listed(looked.orders)),
        older=looked.older,
        day=said.day,
        looked_back_to=ids.minute_of(looked.older) if looked.is_cut and looked.older else None,
        crowded=_crowded(said.words, named, together),
    )


def listed(found: Sequence[Found]) -> list[Listed]:
    """This function will return orders with what a list shows beside them."""
    order_ids = [one.id for one in found]
    names = accounts.read_names(account_ids=[one.account_id for one in found if one.account_id is not None])
    paid = payments.read_intents_of_orders(order_ids=order_ids) if order_ids else {}
    held = orders.find_holds(order_ids=order_ids) if order_ids else {}
    return [
        Listed(
            order=one,
            name=names.get(one.account_id or 0, ""),
            payments=tuple(paid.get(one.id, ())),
            is_held=one.id in held,
        )
        for one in found
    ]


def _within(filters: SearchFilters, since: dt.datetime, until: dt.datetime) -> SearchFilters:
    return msgspec.structs.replace(
        filters,
        since=max(since, filters.since) if filters.since else since,
        until=min(until, filters.until) if filters.until else until,
    )


def _named(*words: orders.words.Word) -> accounts.Named:
    """Find the accounts that words name together: of one word alone there may be too many."""
    names = [word.name for word in words if word.name]
    return accounts.find_named(parts=names, limit=_NAMED_MAX) if names else accounts.Named()


def _crowded(
    words: Sequence[orders.words.Word], named: Sequence[accounts.Named], together: accounts.Named
) -> tuple[str, ...]:
    """The words of which more people's names have each than were looked at; none where all of them tell some apart."""
    if together.account_ids and together.is_all:
        return ()
    return tuple(word.said for word, found in zip(words, named, strict=True) if not found.is_all)


def _meaning(word: orders.words.Word, *, account_ids: tuple[int, ...]) -> WordMeaning:
    said = payments.find_said(reference=word.reference, number=word.number) if word.reference else []
    if word.number is not None or said:
        return WordMeaning(number_span=word.number_span, order_ids=tuple(said), is_exact=True)
    is_email = contacts.is_email(word.said)
    owner = (
        accounts.find(kind=accounts.AddressKind.EMAIL, address=contacts.spell_email(word.said)) if is_email else None
    )
    return WordMeaning(
        contact=word.contact,
        totals=word.totals,
        number_span=word.number_span,
        account_ids=account_ids + ((owner.id,) if owner else ()),
        is_exact=is_email,
    )


def _find(
    meant: Sequence[WordMeaning], filters: SearchFilters, *, method: str, behind: int | None, limit: int
) -> Looked:
    """Find one page. A method is not the order's: it is looked at chunk by chunk."""
    if not method:
        return orders.find_orders(words=meant, filters=filters, behind=behind, limit=limit)
    fitting: list[Found] = []
    for _ in range(_CHUNKS_MAX):
        chunk = orders.find_orders(words=meant, filters=filters, behind=behind, limit=_CHUNK)
        paid = payments.read_intents_of_orders(order_ids=[one.id for one in chunk.orders]) if chunk.orders else {}
        fitting += [one for one in chunk.orders if any(_is_by(intent, method) for intent in paid.get(one.id, ()))]
        if len(fitting) > limit:
            return Looked(orders=tuple(fitting[:limit]), older=fitting[limit - 1].id)
        behind = chunk.older
        if behind is None or chunk.is_cut:
            break
    return Looked(orders=tuple(fitting), older=behind, is_cut=behind is not None)


def _is_by(intent: payments.Intent, method: str) -> bool:
    return method in (intent.provider, f"{intent.provider}.{intent.way}")


def _minor(text: str, currency: str) -> int | None:
    """Read an amount in major units; without a currency they have two digits behind the point."""
    plain = text.strip()
    if not _AMOUNT.fullmatch(plain):
        return None
    whole, _point, part = plain.replace(",", ".").partition(".")
    digits = exponent(currency) if currency else 2
    return int(whole + part.ljust(digits, "0")[:digits])
