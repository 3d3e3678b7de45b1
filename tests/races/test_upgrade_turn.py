"""Two nodes that start in the same moment: the one that waits for its turn does not stop what the other one builds."""

from __future__ import annotations

import threading

import psycopg

from evertill.entry.cli.shop_processes import wait_for_turn
from tests.kernel.waiting import until
from tests.server import Server


def tries_of(database: psycopg.Connection[tuple[object, ...]], pid: int) -> bool:
    rows = database.execute("select 1 from pg_stat_activity where pid = %s and query like '%%advisory_lock%%'", [pid])
    return rows.fetchone() is not None


class TestTurn:
    def test_an_index_is_built_concurrently_beside_a_node_that_waits(self, pg_server: Server) -> None:
        with (
            psycopg.connect(pg_server.superuser_url, autocommit=True) as first,
            psycopg.connect(pg_server.superuser_url, autocommit=True) as second,
        ):
            first.execute("drop table if exists turn_tried")
            first.execute("create table turn_tried as select n from generate_series(1, 1000) as n")
            wait_for_turn(first.cursor())
            waiting = threading.Thread(target=wait_for_turn, args=(second.cursor(),))
            waiting.start()
            until(lambda: tries_of(first, second.info.backend_pid))

            # Where the other one kept its view of the data, this ended as a deadlock, and left an invalid index.
            first.execute("set statement_timeout = '5min'")
            first.execute("create index concurrently turn_tried_n on turn_tried (n)")
            first.execute("drop table turn_tried")

            assert waiting.is_alive()
            first.close()
            waiting.join(timeout=120)
            assert not waiting.is_alive()
