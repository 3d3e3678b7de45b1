"""Mend indexes: what an upgrade that was cut short left half built is built again, also while the shop is open.

An index that was being built concurrently when its session ended stays behind, invalid: every write pays for it and no
search uses it. PostgreSQL says nothing of it; a second `create index` of that name fails, or with `if not exists` takes
it for the real one. One that a migration is still to make is dropped for it to make; the others are built again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import LiteralString

import psycopg
import structlog
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from psycopg import sql

from evertill.kernel import db

__all__ = ["mend_indexes"]

_log = structlog.get_logger("evertill.upgrade")

_WHY = "an upgrade that was cut short left it half built"
# Not one that somebody builds just now.
_INVALID = """
select index.relname, indexed.relname
from pg_index
join pg_class as index on index.oid = pg_index.indexrelid
join pg_class as indexed on indexed.oid = pg_index.indrelid
where not pg_index.indisvalid
    and index.relkind = 'i'
    and index.relnamespace = current_schema()::regnamespace
    and not exists (select from pg_stat_progress_create_index as built where built.index_relid = index.oid)
order by index.relname
"""
# What a rebuild that was cut short leaves beside the index that it is about.
_REBUILT = re.compile(r"_cc(?:new|old)\d*")


def mend_indexes() -> list[str]:
    """This function will rebuild, or drop for a migration to make, each invalid index; return the names of those.

    It works as the role that owns the tables, outside a transaction, and holds up nobody's writes. One that cannot be
    rebuilt now is told in the log and left for the next start: the shop is no worse off than before. Raises
    psycopg.Error when one cannot be dropped.
    """
    found = db.raw().execute(_INVALID).fetchall()
    if not found:
        return []
    coming = "\n".join(_told_by(_pending()))
    mended = []
    for name, table in found:
        if _REBUILT.search(name) or re.search(rf"\b{re.escape(name)}\b", coming):
            _run("drop index concurrently {}", name)
            _log.warning("index dropped", index=name, table=table, why=_WHY)
        elif not _rebuild(name, table):
            continue
        mended.append(name)
    return mended


def _rebuild(name: str, table: str) -> bool:
    try:
        _run("reindex index concurrently {}", name)
    except psycopg.Error as error:
        _log.error("index not rebuilt", index=name, table=table, why=str(error).strip(), next="at the next start")
        return False
    _log.warning("index rebuilt", index=name, table=table, why=_WHY)
    return True


def _run(statement: LiteralString, name: str) -> None:
    db.raw().execute(sql.SQL(statement).format(sql.Identifier(name)))


def _pending() -> Iterator[Operation]:
    """What migrations will do that this database has not seen."""
    executor = MigrationExecutor(connection)
    for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield from migration.operations


def _told_by(operations: Iterable[Operation]) -> Iterator[str]:
    """Names of indexes, and statements in which there may be some."""
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _told_by(operation.database_operations)
        elif isinstance(operation, RunSQL):
            yield str(operation.sql)
        elif (index := getattr(operation, "index", None)) is not None:
            yield index.name
