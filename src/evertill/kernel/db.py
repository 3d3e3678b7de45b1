"""The one way to the database: Django's own psycopg connection, so that models and statements share a transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, LiteralString, TypeVar, cast
from uuid import uuid4

import psycopg
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection, transaction

# Imported for its effect: a connection knows only the types that were registered before it was opened.
from evertill.kernel import arrays as _arrays  # noqa: F401
from evertill.kernel.errors import EvertillError

T = TypeVar("T")

# Values of a statement, by place or by name.
Params = Sequence[Any] | Mapping[str, Any]

# Rows of a streamed answer that are in memory at a time.
_STREAM_ROWS = 5_000

# By the beginning of their SQLSTATE. What is over if one waits: a lock or a statement that took too long, a deadlock,
# a server short of something.
_BUSY = ("55P03", "57014", "40", "53")
# The connection; a server that is going down or coming up; one that only reads, and so is no primary any more.
_AWAY = ("08", "57P", "25006")
_ERRORS = (
    InterfaceError,
    InternalError,
    OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,
    psycopg.OperationalError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """As which role to read, and by which settings the tables' policies know for whom."""

    role: str
    settings: Mapping[str, str]

    @property
    def becoming(self) -> bytes:
        """The statement by which a transaction becomes this; raises ValueError for what cannot stand in it."""
        values = {"role": self.role, **self.settings}
        if any(not _PLAIN.fullmatch(text) for pair in values.items() for text in pair):
            raise ValueError("A scope has names, numbers and commas only.")
        calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in values.items())
        return f"select {calls}".encode()


_PLAIN = re.compile(r"[a-z0-9_.,]*")
# What whoever opened the door has proved, until the block that he did it in has ended.
_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)
# The scope that this thread's transaction is in already.
_entered: ContextVar[Scope | None] = ContextVar("entered", default=None)


class OutcomeUnknown(EvertillError):
    """The connection broke while the database was committing: the work is done or not done, and nobody here knows."""

    code = "OUTCOME_UNKNOWN"
    status = "unavailable"
    kept = "The request was kept completely or not at all."
    remedy = "Send the same request again with the same Idempotency-Key: it counts once."


class DatabaseUnavailable(EvertillError):
    """The database cannot be reached or is restarting, and nothing of this request was written."""

    code = "DATABASE_UNAVAILABLE"
    status = "unavailable"
    remedy = "Send the same request again in a moment, with the same Idempotency-Key."


class DatabaseBusy(DatabaseUnavailable):
    """The database had no time for this request within what anybody should wait, and nothing of it was written."""

    code = "DATABASE_BUSY"


def raw() -> psycopg.Connection[Any]:
    """This function will return this thread's psycopg connection, opened if need be; inside a transaction, the same."""
    connection.ensure_connection()
    return cast("psycopg.Connection[Any]", connection.connection)


def fetch(statement: LiteralString, params: Params = (), *, is_planned_anew: bool = False) -> list[Any]:
    """This function will run one prepared statement and return its rows as tuples, in binary.

    One whose best way depends on its values `is_planned_anew` each time, which costs it a fraction of a millisecond.
    """
    with psycopg.Cursor(raw()) as cursor:
        cursor.execute(statement, params, prepare=not is_planned_anew, binary=True)
        return cursor.fetchall()


class Later(Generic[T]):
    """The answer to a statement that has been asked; inside `together` it is there when the block has ended."""

    __slots__ = ("_cursor", "_read")

    def __init__(self, cursor: psycopg.Cursor[Any], read: Callable[[psycopg.Cursor[Any]], T]) -> None:
        self._cursor = cursor
        self._read = read

    def get(self) -> T:
        """This function will return the answer, waiting for it if need be; it can be asked for once."""
        with self._cursor:
            return self._read(self._cursor)


def ask(statement: LiteralString, params: Sequence[Any], *, shape: Callable[[list[Any]], T]) -> Later[T]:
    """This function will send one prepared statement; `shape` makes the answer from its rows."""
    cursor = psycopg.Cursor(raw())
    cursor.execute(statement, params, prepare=True, binary=True)
    return Later(cursor, lambda answered: shape(answered.fetchall()))


def tell(statement: LiteralString, params: Sequence[Any], *, shape: Callable[[int], T]) -> Later[T]:
    """This function will send one prepared statement that returns no rows; `shape` makes the answer from their number.

    Inside `together` the answer is there only when the block has ended.
    """
    cursor = psycopg.Cursor(raw())
    cursor.execute(statement, params, prepare=True, binary=True)
    return Later(cursor, lambda answered: shape(answered.rowcount))


@contextmanager
def together() -> Iterator[None]:
    """Statements that are asked inside travel together: one wait for all of them instead of one for each."""
    with raw().pipeline():
        yield


def execute(statement: LiteralString, params: Params = ()) -> int:
    """This function will run one prepared statement and return the number of rows it touched."""
    with psycopg.Cursor(raw()) as cursor:
        cursor.execute(statement, params, prepare=True, binary=True)
        return cursor.rowcount


def stream(statement: LiteralString, params: Params = ()) -> Iterator[Any]:
    """This function will give the rows of a statement as tuples, a bounded number of them in memory at a time.

    The caller holds a transaction until it has read what it wants.
    """
    with raw().cursor(name=f"stream_{uuid4().hex}") as cursor:
        cursor.itersize = _STREAM_ROWS
        yield from cursor.execute(statement, params or None)


@contextmanager
def snapshot() -> Iterator[None]:
    """One read-only transaction that sees one moment, however long it takes; for audits and reports.

    It cannot stand inside another transaction.
    """
    with transaction.atomic(durable=True):
        execute("set transaction isolation level repeatable read, read only")
        execute("set local statement_timeout = 0")
        yield


@contextmanager
def write() -> Iterator[None]:
    """One transaction whose success means that its commit is durable.

    Raises OutcomeUnknown when the connection broke during the commit, or when a synchronous standby's wait was cut
    short (PostgreSQL then commits here and only warns, SQLSTATE 01000); DatabaseUnavailable when it broke before;
    DatabaseBusy when a lock or an answer could not be had in time, so that nobody tries a whole batch again one by one
    behind it.
    """
    committing = False
    notices: list[str] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.sqlstate == "01000":
            notices.append(diagnostic.message_primary or "")

    try:
        with transaction.atomic():
            handle = raw()
            handle.add_notice_handler(note)
            yield
            committing = True
    except _ERRORS as error:
        if committing and is_connection_lost(error):
            connection.close()
            raise OutcomeUnknown("The connection to the database broke while it was committing.") from error
        _raise_passing(error)
        raise
    finally:
        if connection.connection is not None and not connection.connection.closed:
            connection.connection.remove_notice_handler(note)
    if notices:
        raise OutcomeUnknown("The standby's confirmation did not arrive.")


@contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    """Whatever is read in the block by `narrowed` is read in this scope."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


def enter(scope: Scope) -> None:
    """This function will have whatever is read by `narrowed` be read in this scope, until the present context ends.

    A context is that of one request; whoever works in a thread of many opens a block of `scoped` instead.
    """
    _scope.set(scope)


@contextmanager
def narrowed(scope: Scope | None = None) -> Iterator[None]:
    """One transaction that sees only what the policies of the tables show to a scope: this one, or that of `scoped`.

    Without either, it sees everything; so it does where the database has no such role. Nothing can be written in it.
    """
    wanted, before = scope or _scope.get(), _entered.get()
    if wanted is None or wanted == before or not _can_become(wanted.role):
        yield
        return
    token = _entered.set(wanted)
    try:
        with _within(before, wanted) if before else _inside(wanted) if connection.in_atomic_block else _alone(wanted):
            yield
    finally:
        _entered.reset(token)


@contextmanager
def _alone(scope: Scope) -> Iterator[None]:
    """A transaction of its own, begun as whom it reads: one wait instead of two."""
    handle = raw()
    # Nothing is left of it on a connection that others use after this: it is local to the transaction.
    _say(handle, b"begin; " + scope.becoming)
    try:
        yield
    except BaseException:
        if not handle.closed:
            _say(handle, b"rollback")
        raise
    _say(handle, b"commit")


@contextmanager
def _inside(scope: Scope) -> Iterator[None]:
    """A part of somebody's transaction, which goes on as who it was."""
    with transaction.atomic():
        _say(raw(), scope.becoming)
        yield
        _say(raw(), Scope(role="none", settings=dict.fromkeys(scope.settings, "")).becoming)


@contextmanager
def _within(before: Scope, scope: Scope) -> Iterator[None]:
    """A part of another scope's transaction; after an error that one is over as well."""
    _say(raw(), scope.becoming)
    yield
    _say(raw(), before.becoming)


def _say(handle: psycopg.Connection[Any], command: bytes) -> None:
    """Have the server do something that is not worth preparing, at the price of one wait."""
    result = handle.pgconn.exec_(command)
    if result.status not in (psycopg.pq.ExecStatus.COMMAND_OK, psycopg.pq.ExecStatus.TUPLES_OK):
        error = psycopg.errors.error_from_result(result)
        # Without a SQLSTATE it was not the server who answered: the connection broke.
        raise error if error.sqlstate else psycopg.OperationalError(str(error))


@cache
def _can_become(role: str) -> bool:
    rows = fetch(
        "select from pg_roles where rolname = %s and pg_has_role(current_user, oid, 'member') order by oid", (role,)
    )
    return bool(rows)


def is_connection_lost(error: BaseException) -> bool:
    """This function will say whether an error means that the connection is gone or was never made."""
    state = _sqlstate(error)
    if state is None:
        return isinstance(error, InterfaceError)
    # No SQLSTATE at all: libpq could not talk to the server.
    return not state or state.startswith(_AWAY)


def _sqlstate(error: BaseException) -> str | None:
    """Return what PostgreSQL calls an error, "" when it never got so far, None when it is no database error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, psycopg.Error):
            return cause.sqlstate or ""
        cause = cause.__cause__
    return None


def _raise_passing(error: BaseException) -> None:
    """Raise DatabaseBusy or DatabaseUnavailable when an error is one that passes by itself."""
    if is_connection_lost(error):
        connection.close()
        raise DatabaseUnavailable("The database could not be reached.") from error
    if (_sqlstate(error) or "").startswith(_BUSY):
        raise DatabaseBusy("Others are working on the same goods for too long.") from error


def with_connection(call: Callable[[], T]) -> T:
    """This function will make a call on this thread's connection and leave no broken one behind.

    Raises DatabaseUnavailable when the connection cannot be made or breaks outside of `write`, and DatabaseBusy.
    """
    try:
        return call()
    except _ERRORS as error:
        _raise_passing(error)
        raise


def close() -> None:
    """This function will close this thread's connection."""
    connection.close()


__all__ = [
    "DatabaseBusy",
    "DatabaseError",
    "DatabaseUnavailable",
    "OutcomeUnknown",
    "Scope",
    "close",
    "enter",
    "execute",
    "fetch",
    "is_connection_lost",
    "narrowed",
    "raw",
    "scoped",
    "snapshot",
    "stream",
    "with_connection",
    "write",
]
