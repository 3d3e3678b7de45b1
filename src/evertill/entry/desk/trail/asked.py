"""What a search of the trail asks for, as it stands in the address and as the journey takes it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

from evertill.domains.trail import ActorKind, Outcome, Record
from evertill.journeys.read_trail import Search
from evertill.kernel import days, ids

_CHARS_MAX, _ID_CHARS = 128, 20
_OUTCOMES = {outcome.value for outcome in Outcome}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The fields of the form, as they were typed, and what they mean."""

    fields: dict[str, str]
    search: Search
    # Fields that mean nothing, by name; they do not narrow the search.
    unread: frozenset[str]


def read(request: HttpRequest) -> Asked:
    """This function will read a search from an address, or from the form that takes out what it finds."""
    given = request.POST if request.method == "POST" else request.GET
    fields = {name: _text(given, name) for name in ("who", "what", "on", "outcome", "since", "until")}
    since, until = days.read(fields["since"]), days.read(fields["until"])
    unread = {name for name, day in (("since", since), ("until", until)) if fields[name] and day is None}
    actor_kind, actor_id = _actor(fields["who"])
    if fields["who"] and not actor_kind:
        unread.add("who")
    subject_kind, subject_id = _subject(fields["on"])
    outcome = fields["outcome"] if fields["outcome"] in _OUTCOMES else ""
    search = Search(
        actor_kind=actor_kind,
        actor_id=actor_id,
        operation=fields["what"],
        subject_kind=subject_kind,
        subject_id=subject_id,
        outcome=outcome,
        since=days.begin_of(since, dt.UTC) if since else None,
        until=days.end_of(until, dt.UTC) if until else None,
        older_than=_place(_text(given, "older")),
    )
    return Asked(fields=fields, search=search, unread=frozenset(unread))


def place_of(record: Record) -> str:
    """This function will write where a page ends, for the address of the next one."""
    return f"{record.at.isoformat()}~{record.id}"


def _place(text: str) -> tuple[dt.datetime, int] | None:
    at, _, record_id = text.partition("~")
    try:
        moment = dt.datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, int(record_id)) if record_id.isdecimal() and moment.tzinfo and len(record_id) < _ID_CHARS else None


def _text(given: QueryDict, name: str) -> str:
    # PostgreSQL knows no zero character, and half a pair cannot be sent to it.
    return given.get(name, "")[:_CHARS_MAX].replace("\0", "").encode(errors="replace").decode().strip()


def _actor(text: str) -> tuple[str, str]:
    """Return whom a text names: a kind, a kind and a number, or a number alone, which is that of an account's."""
    kind, colon, number = text.partition(":")
    if kind.upper() in set(ActorKind):
        return kind.upper(), _number(number)
    account = _number(text) if not colon else ""
    return (ActorKind.STAFF.value, account) if account.isdecimal() else ("", "")


def _subject(text: str) -> tuple[str, str]:
    """Return what a text names: a kind, a kind and its number or name, or an order's number alone."""
    kind, colon, name = text.partition(":")
    if colon:
        return kind, _number(name) if kind == "account" else name
    try:
        return "order", ids.to_number(ids.from_number(text))
    except ids.InvalidNumber:
        return text, ""


def _number(text: str) -> str:
    """Accounts are recorded by their plain numbers, and people read them in groups."""
    if text.isdecimal():
        return text
    try:
        return str(ids.from_number(text))
    except ids.InvalidNumber:
        return text
