"""The one connection of a thread, when the server closes it."""

from __future__ import annotations

import select
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection as ours

from evertill.kernel import config, db

from .waiting import until

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def server() -> Iterator[psycopg.Connection[object]]:
    """Another connection to the same server."""
    with psycopg.connect(config.get().database_url, autocommit=True) as connection:
        yield connection


def end(server: psycopg.Connection[object]) -> int:
    """End this thread's connection at the server, and return which one it was."""
    pid = db.raw().info.backend_pid
    assert server.execute("select pg_terminate_backend(%s, 60000)", (pid,)).fetchone() == (True,)
    return pid


def which() -> int:
    ((pid,),) = db.fetch("select pg_backend_pid()")
    return int(pid)


class TestConnectionThatTheServerClosed:
    def test_is_left_before_a_piece_of_work(self, server: psycopg.Connection[object]) -> None:
        ended = end(server)

        assert db.with_connection(which) != ended

    def test_is_not_left_within_one(self, server: psycopg.Connection[object]) -> None:
        # What was held by it, a lock of the upgrade's for one, went with it.
        def go_on() -> int:
            end(server)
            return which()

        with pytest.raises(db.DatabaseUnavailable):
            db.with_connection(go_on)

    def test_is_left_before_a_call_that_asks_models(self, server: psycopg.Connection[object]) -> None:
        ended = end(server)

        def ask() -> object:
            with ours.cursor() as cursor:
                cursor.execute("select pg_backend_pid()")
                return cursor.fetchone()[0]

        assert db.with_connection(ask) != ended

    def test_is_never_replaced_within_a_transaction(self, server: psycopg.Connection[object]) -> None:
        def end_midway() -> None:
            with db.write():
                end(server)
                which()

        with pytest.raises(db.DatabaseUnavailable):
            end_midway()

    def test_is_not_taken_for_one_that_is_told_something(self, server: psycopg.Connection[object]) -> None:
        db.execute("listen tests_told")
        before = which()
        server.execute("notify tests_told")
        until(lambda: select.select([ours.connection.pgconn.socket], [], [], 0)[0])

        assert db.with_connection(which) == before
