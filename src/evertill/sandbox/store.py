"""The provider's database: one SQLite file of the standard library.

The house rule "PostgreSQL only" is about the shop. This is somebody else's company: its book must not share a server,
a connection or a failure with the shop's, and must start in milliseconds. One process has one connection, used from
one thread, so every block below is alone with the book. WAL with synchronous=NORMAL keeps every commit through
`kill -9`; a power cut may take the last ones, which a sandbox may.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_name("schema.sql")


class Store:
    """The open book."""

    def __init__(self, path: Path) -> None:
        # Before SQLite makes it: the files beside it take their permissions from it.
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, cached_statements=256)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode = wal", "synchronous = normal", "foreign_keys = on", "wal_autocheckpoint = 4000"):
            self._connection.execute(f"pragma {pragma}")
        self._connection.executescript(SCHEMA.read_text(encoding="utf-8"))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """This function will keep all the block's writes or none. A block inside another belongs to the outer one."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def run(self, statement: str, *values: object) -> int:
        """This function will run a statement and return how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def one(self, statement: str, *values: object) -> dict[str, Any] | None:
        """This function will return the first row, or None."""
        row = self._connection.execute(statement, values).fetchone()
        return dict(row) if row else None

    def all(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """This function will return every row; the statement has the limit."""
        return [dict(row) for row in self._connection.execute(statement, values)]

    def setting(self, name: str) -> str | None:
        """This function will return a setting's value, or None when it was never set."""
        row = self.one("select value from settings where name = ?", name)
        return row["value"] if row else None

    def set(self, name: str, value: str) -> None:
        """This function will keep a setting."""
        self.run("insert into settings values (?, ?) on conflict do update set value = excluded.value", name, value)

    def close(self) -> None:
        """This function will close the book."""
        self._connection.close()


def new_id(kind: str) -> str:
    """This function will return an id nobody can guess, such as pay_… ."""
    return f"{kind}_{secrets.token_hex(12)}"
