"""Check rights: what a database has to allow so that it can be copied, and what of that it does not."""

from __future__ import annotations

from contextlib import closing

import psycopg

from evertill.journeys.backup_server import server_url
from evertill.kernel import config
from evertill.kernel.replication import Stream, StreamBroken

__all__ = ["find_missing"]

_FACTS = """
select
    current_setting('server_version_num')::int,
    current_user::text,
    (select rolreplication or rolsuper from pg_roles where rolname = current_user),
    (select rolsuper from pg_roles where rolname = current_user),
    current_setting('wal_level'),
    current_setting('max_wal_senders')::int,
    current_setting('max_replication_slots')::int,
    current_setting('summarize_wal', true)
"""
# The first version whose server can tell what has changed since when.
_INCREMENTAL = 170_000
_SENDERS = 2


def find_missing() -> list[str]:
    """This function will name, in a sentence each, what the database does not allow of what backups need.

    An empty list means that all of it works. It changes nothing, and asks with the role that backups use.
    """
    settings = config.get()
    url = server_url(settings)
    try:
        with psycopg.connect(url, connect_timeout=5) as database:
            facts = database.execute(_FACTS).fetchone()
    except psycopg.OperationalError as error:
        return [f"The database cannot be reached: {' '.join(str(error).split())}"]
    assert facts is not None  # noqa: S101 — one row always comes.
    version, role, may_copy, is_superuser, level, senders, slots, summarizes = facts
    missing = []
    if not may_copy:
        missing.append(f"No backups at all: the role {role} may not replicate (alter role {role} replication).")
    if level == "minimal":
        missing.append("No backups at all: wal_level is minimal; it has to be replica or logical.")
    if senders < _SENDERS or slots < 1:
        missing.append("No backups at all: max_wal_senders has to be 2 at least, and max_replication_slots 1.")
    if not missing:
        missing += _try_to_connect(url)
    if version < _INCREMENTAL:
        missing.append(f"No incremental backups: PostgreSQL {version // 10_000} cannot tell what has changed; 17 can.")
    elif summarizes != "on":
        missing.append("No incremental backups: summarize_wal is off.")
    if settings.log_sync and not is_superuser:
        missing.append(f"Orders do not wait for the target: the role {role} may not set synchronous_standby_names.")
    return missing


def _try_to_connect(url: str) -> list[str]:
    try:
        with closing(Stream(url, name="evertill_rights")) as stream:
            stream.identify()
    except StreamBroken as error:
        return [f"No backups at all: {error.detail} (pg_hba.conf needs a line: host replication …)"]
    return []
