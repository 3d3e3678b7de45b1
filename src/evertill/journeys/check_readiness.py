"""Check whether this node can take orders now."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from evertill.kernel import db

_migrated = False


def check_readiness() -> list[str]:
    """This function will return what this node waits for: nothing, or `migrations`.

    Raises db.DatabaseUnavailable when the database does not answer.
    """
    global _migrated  # noqa: PLW0603 - once the schema is new enough it stays so for this process
    db.fetch("select 1")
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [] if _migrated else ["migrations"]
