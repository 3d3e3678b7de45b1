"""The tables of the worker's database."""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import connection, transaction
from psycopg.pq import TransactionStatus

from evertill.kernel import config

# What migrations fill and a test therefore finds.
_KEPT = ("django_migrations", "django_content_type", "auth_permission")

# What triggers keep from being changed, and how these are switched on again.
_GUARDS = (
    ("ledger_transaction", "ledger_transaction_immutable", "enable"),
    ("receipts_batch", "receipts_batch_immutable", "enable always"),
    ("receipts_seal", "receipts_seal_immutable", "enable always"),
    ("receipts_key", "receipts_key_immutable", "enable always"),
    ("trail_record", "trail_record_immutable", "enable always"),
    ("trail_chain", "trail_chain_kept", "enable always"),
    ("trail_chain", "trail_chain_forward_only", "enable always"),
)


# Pages up to which rows are deleted; beyond, or after so many tests that left so many dead ones, a table is made anew.
_PAGES_MAX = 32
_NAMES = "select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename <> all(%s) order by 1"
_RESTART = """
    select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    from pg_sequences
    where schemaname = 'public' and last_value is not null
"""


def empty() -> None:
    """Empty every table that migrations leave empty, and start their counters again.

    Only what is not empty is touched: truncating takes a new file for each table and each of its indexes, which for
    all of them costs more than most tests do. Whoever has to wait for it has left a transaction open.
    """
    with _janitor() as cursor:
        names = [name for (name,) in cursor.execute(_NAMES, (list(_KEPT),)).fetchall()]
        # Whoever still writes, such as a site that a test hung up on, ends first.
        cursor.execute(f"lock table {', '.join(names)} in exclusive mode")
        small, large = cursor.execute(_filled(names)).fetchone()
        guards = [guard for guard in _GUARDS if guard[0] in {*small, *large}]
        steps = [
            *(f"alter table {table} disable trigger {trigger}" for table, trigger, _ in guards),
            # What refers to a row that goes, goes too: no trigger has to look.
            "set local session_replication_role = replica",
            *(f"delete from {name}" for name in small),  # noqa: S608 — names of ours, as below.
            *([f"truncate {', '.join(large)} cascade"] if large else []),
            *(f"alter table {table} {enable} trigger {trigger}" for table, trigger, enable in guards),
            _RESTART,
        ]
        cursor.execute(";\n".join(steps))
    # What was noted of an audit trail that is no longer there.
    for name in ("trail-anchor.json", "trail-verified.json"):
        (config.get().data / name).unlink(missing_ok=True)


def settle() -> None:
    """Make this thread's connection as good as new: go on with it when nothing is wrong with it, else close it.

    To open another, and for it to learn all tables and statements anew, takes longer than many tests.
    """
    opened = connection.connection
    if opened is None or connection.errors_occurred or opened.info.transaction_status != TransactionStatus.IDLE:
        connection.close()
        return
    try:
        opened.execute("select pg_advisory_unlock_all(); unlisten *; discard temp", prepare=False)
    except psycopg.Error:
        connection.close()


def _filled(names: Iterable[str]) -> str:
    """The statement that tells which tables have rows: first those that are small, then those that grew large."""
    cases = ", ".join(f"case when exists (select from {name}) then '{name}' end" for name in names)
    is_large = f"pg_relation_size(name) > {_PAGES_MAX} * current_setting('block_size')::int"
    return f"""
        select coalesce(array_agg(name) filter (where not {is_large}), '{{}}'),
               coalesce(array_agg(name) filter (where {is_large}), '{{}}')
        from unnest(array[{cases}]) name
        where name is not null
    """  # noqa: S608 — names of ours.


@contextmanager
def _janitor() -> Iterator[Any]:
    """One transaction of a connection that stays open as long as the process: a new one knows no table yet.

    Statements are of names of ours, put together here; hence a cursor that takes any.
    """
    global _opened  # noqa: PLW0603 — one for the process.
    if _opened is not None:
        # A test may have ended it from the other side.
        with suppress(psycopg.Error):
            _opened.execute("select")
    if _opened is None or _opened.closed:
        _opened = psycopg.connect(config.get().database_url, options=_PATIENT, autocommit=True)
        atexit.register(_opened.close)
    with _opened.transaction(), _opened.cursor() as cursor:
        yield cursor


_opened: psycopg.Connection[Any] | None = None
# Who still writes, and waits for a table that is locked here, gives up first.
_PATIENT = "-c lock_timeout=120s -c deadlock_timeout=60s"

# Rows that are alike in their first column would come as they lie on the disk.
_KEY = """
    select attname::text
    from pg_index
    cross join unnest(indkey) with ordinality as part (number, place)
    join pg_attribute on attrelid = indrelid and attnum = part.number
    where indrelid = %s::regclass and indisprimary
    order by part.place
"""


@contextmanager
def unguarded() -> Iterator[None]:
    """One transaction in which even ledger and trail can be changed, as only the owner of their tables can make it."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table, trigger, _ in _GUARDS:
            cursor.execute(f"alter table {table} disable trigger {trigger}")
        yield
        for table, trigger, enable in _GUARDS:
            cursor.execute(f"alter table {table} {enable} trigger {trigger}")


def rows(table: str) -> list[tuple[object, ...]]:
    """Everything that a table has, by its first column and then by its key, to compare before with after."""
    with connection.cursor() as cursor:
        cursor.execute(_KEY, [table])
        columns = ["1", *(connection.ops.quote_name(column) for (column,) in cursor.fetchall())]
        name = connection.ops.quote_name(table)
        cursor.execute(f"select * from {name} order by {', '.join(columns)}")  # noqa: S608 — names of ours.
        return list(cursor.fetchall())


def count(table: str) -> int:
    """How many rows a table has."""
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {connection.ops.quote_name(table)}")  # noqa: S608 — a name of ours.
        (rows,) = cursor.fetchone()
    return int(rows)
