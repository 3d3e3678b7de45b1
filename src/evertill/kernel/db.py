"""The one way to the database: Django's own psycopg connection, so that models and statements share a transaction."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, LiteralString, TypeVar, cast
from uuid import uuid4

import psycopg
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection, transaction
from psycopg.pq import TransactionStatus

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

# The role that a part of the work plays, "" for the shop's own. A plan is made for a role; that of a statement which
# two roles share would be made anew whenever the other one has used it, so each has its own.
playing: ContextVar[LiteralString] = ContextVar("playing", default="")


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
        cursor.execute(spelt(statement), params, prepare=not is_planned_anew, binary=True)
        return cursor.fetchall()


def fetch_by_index(statement: LiteralString, params: Params, *, ms_max: int) -> list[Any] | None:
    """This function will run one statement by an index alone, and return its rows; None when it takes too long.

    For what is quick as a rule, and of which nobody can tell beforehand when it is not. A transaction goes on.
    """
    with transaction.atomic():
        (before,) = fetch(
            "select current_setting('statement_timeout'), current_setting('enable_seqscan'),"
            " set_config('statement_timeout', %s, true), set_config('enable_seqscan', 'off', true)",
            (f"{ms_max}ms",),
        )
        try:
            with transaction.atomic():
                rows = fetch(statement, params, is_planned_anew=True)
        except psycopg.errors.QueryCanceled:
            rows = None
        execute(
            "select set_config('statement_timeout', %s, true), set_config('enable_seqscan', %s, true)",
            tuple(before[:2]),
        )
        return rows


def spelt(statement: LiteralString) -> LiteralString:
    """This function will return a statement as the role that is played now asks it."""
    role = playing.get()
    return f"{statement}\n-- {role}" if role else statement


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
    cursor.execute(spelt(statement), params, prepare=True, binary=True)
    return Later(cursor, lambda answered: shape(answered.fetchall()))


def tell(statement: LiteralString, params: Sequence[Any], *, shape: Callable[[int], T]) -> Later[T]:
    """This function will send one prepared statement that returns no rows; `shape` makes the answer from their number.

    Inside `together` the answer is there only when the block has ended.
    """
    cursor = psycopg.Cursor(raw())
    cursor.execute(spelt(statement), params, prepare=True, binary=True)
    return Later(cursor, lambda answered: shape(answered.rowcount))


@contextmanager
def together() -> Iterator[None]:
    """Statements that are asked inside travel together: one wait for all of them instead of one for each."""
    with raw().pipeline():
        yield


def execute(statement: LiteralString, params: Params = ()) -> int:
    """This function will run one prepared statement and return the number of rows it touched."""
    with psycopg.Cursor(raw()) as cursor:
        cursor.execute(spelt(statement), params, prepare=True, binary=True)
        return cursor.rowcount


def stream(statement: LiteralString, params: Params = (), *, rows: int = _STREAM_ROWS) -> Iterator[Any]:
    """This function will give the rows of a statement as tuples, `rows` of them in memory at a time.

    Where one row is large, fewer. The caller holds a transaction until it has read what it wants.
    """
    with raw().cursor(name=f"stream_{uuid4().hex}") as cursor:
        cursor.itersize = rows
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


def _leave_if_gone() -> None:
    """Close a connection that the server closed while nobody used it, as in a restart; another one is opened then.

    Otherwise each thread would find out by the failure of somebody's request. A server that ends a connection says so
    on it, and one that nothing was asked has nothing else to say. Only where a piece of work begins: whoever is in the
    midst of one may hold a lock by his connection, and has to be told that it is gone.
    """
    handle = connection.connection
    if handle is None or connection.in_atomic_block:
        return
    if handle.closed:
        connection.close()
        return
    server = handle.pgconn
    if server.transaction_status != TransactionStatus.IDLE:
        return
    looked = select.poll()
    looked.register(server.socket, select.POLLIN)
    try:
        # Its last words come first, then the end; what it says may also be a notice, behind which nothing comes.
        while looked.poll(0):
            server.consume_input()
    except psycopg.OperationalError:
        connection.close()


def with_connection(call: Callable[[], T]) -> T:
    """This function will make a call on this thread's connection, take no broken one and leave none behind.

    Raises DatabaseUnavailable when the connection cannot be made or breaks outside of `write`, and DatabaseBusy.
    """
    _leave_if_gone()
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
    "close",
    "execute",
    "fetch",
    "fetch_by_index",
    "is_connection_lost",
    "raw",
    "snapshot",
    "stream",
    "with_connection",
    "write",
]
