"""The tables of the worker's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

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


def empty() -> None:
    """Empty every table that migrations leave empty, and start their counters again."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select string_agg(quote_ident(tablename), ', ' order by tablename)
            from pg_tables
            where schemaname = 'public' and tablename <> all(%s)
            """,
            (list(_KEPT),),
        )
        (names,) = cursor.fetchone()
        with unguarded():
            cursor.execute(f"truncate {names} restart identity cascade")
    # What was noted of an audit trail that is no longer there.
    for name in ("trail-anchor.json", "trail-verified.json"):
        (config.get().data / name).unlink(missing_ok=True)


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
    """Everything that a table has, to compare before with after."""
    with connection.cursor() as cursor:
        cursor.execute(f"select * from {connection.ops.quote_name(table)} order by 1")  # noqa: S608 — a name of ours.
        return list(cursor.fetchall())


def count(table: str) -> int:
    """How many rows a table has."""
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {connection.ops.quote_name(table)}")  # noqa: S608 — a name of ours.
        (rows,) = cursor.fetchone()
    return int(rows)
