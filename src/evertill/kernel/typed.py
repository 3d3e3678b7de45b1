"""What staff type freely, table by table, and looking through all of it.

A model says which of its columns these are (`TYPED`), whatever its rows are about, and whether what is about somebody
goes with him (`OWN_IS_FORGOTTEN`). The search takes too much rather than too little: it leaves out what letters and
digits are separated by, and whoever asks looks at what it found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Model
from psycopg import sql

from evertill.kernel import db

# What may stand between the digits of a number, or the parts of a name, and says nothing.
_BETWEEN = " ().-/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A text that somebody typed: in which table, under which key, and what."""

    table: str
    key: str
    text: str


def typed_columns() -> dict[str, tuple[str, ...]]:
    """This function will return the columns of each table that staff type freely."""
    return {model._meta.db_table: columns for model in apps.get_models() if (columns := getattr(model, "TYPED", ()))}


def search_typed(*, words: Collection[str], own: Mapping[str, Sequence[int]], limit: int) -> Iterator[Typed]:
    """This function will give what holds one of the words, up to `limit` texts of each column, the latest first.

    `own` says by which values of which columns a row is somebody's own: what goes with him is left out. It reads whole
    tables, for what is done rarely and by hand.
    """
    patterns = [f"%{_escaped(spelled)}%" for word in words for spelled in _spellings(word)]
    if not patterns:
        return
    for model in apps.get_models():
        for column in getattr(model, "TYPED", ()):
            yield from _search(model, column, patterns, own=own, limit=limit)


def _search(
    model: type[Model], column: str, patterns: Sequence[str], *, own: Mapping[str, Sequence[int]], limit: int
) -> Iterator[Typed]:
    meta = model._meta
    goes = getattr(model, "OWN_IS_FORGOTTEN", False)
    has = [name for name in own if goes and any(field.column == name for field in meta.concrete_fields)]
    apart = [sql.SQL("and coalesce({} <> all(%s::bigint[]), true)").format(sql.Identifier(name)) for name in has]
    statement = sql.SQL(
        "select {key}::text, {text} from {table} where {text} <> '' and translate(lower({text}), {between}, '')"
        " like any(%s::text[]) {apart} order by {key} desc limit %s"
    ).format(
        key=sql.Identifier(str(meta.pk.column)),
        text=sql.Identifier(column),
        table=sql.Identifier(meta.db_table),
        between=sql.Literal(_BETWEEN),
        apart=sql.SQL(" ").join(apart),
    )
    given = [list(patterns), *(list(own[name]) for name in has), limit]
    for key, text in db.raw().execute(statement, given).fetchall():
        yield Typed(table=meta.db_table, key=key, text=text)


def _spellings(word: str) -> set[str]:
    """How a word stands in a text in small letters: a database without the world's alphabets lowers only a to z."""
    bare = word.translate(str.maketrans("", "", _BETWEEN))
    ways = (bare.lower(), bare, bare.upper(), bare.capitalize())
    return {"".join(letter.lower() if letter.isascii() else letter for letter in way) for way in ways if way}


def _escaped(word: str) -> str:
    """A word in which nothing stands for anything else."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
