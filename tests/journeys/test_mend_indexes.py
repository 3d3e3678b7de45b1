"""An index that an upgrade left half built is found at the next start, and is whole before the shop opens."""

from __future__ import annotations

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from evertill.journeys.mend_indexes import mend_indexes
from evertill.kernel import db

pytestmark = pytest.mark.usefixtures("committed_db")

_INDEX, _TABLE = "payments_refund_open", "payments_refund"
_VALID = "select indisvalid from pg_index where indexrelid = to_regclass(%s)"


def is_valid(name: str) -> bool | None:
    """Whether an index can be used; None when there is none."""
    row = db.raw().execute(_VALID, (name,)).fetchone()
    return row[0] if row else None


def definition(name: str) -> str:
    row = db.raw().execute("select pg_get_indexdef(to_regclass(%s))", (name,)).fetchone()
    assert row is not None
    return str(row[0])


def build_half(name: str, table: str, made: str) -> None:
    """Begin to build it as its migration does, and be cut short: somebody writes to the table for too long."""
    db.raw().execute(sql.SQL("drop index {}").format(sql.Identifier(name)))
    settings = connection.get_connection_params() | {"autocommit": False}
    settings.pop("cursor_factory", None)
    settings.pop("context", None)
    with psycopg.connect(**settings) as other:
        other.execute(sql.SQL("lock table {} in row exclusive mode").format(sql.Identifier(table)))
        db.raw().execute("set lock_timeout = '20ms'")
        try:
            with pytest.raises(psycopg.errors.LockNotAvailable):
                db.raw().execute(made.replace("INDEX", "INDEX CONCURRENTLY", 1))
        finally:
            db.raw().execute("reset lock_timeout")
        other.rollback()
    assert is_valid(name) is False


class TestMendIndexes:
    def test_does_nothing_where_all_are_whole(self) -> None:
        assert mend_indexes() == []

    def test_builds_one_again_that_an_upgrade_of_before_left(self) -> None:
        build_half(_INDEX, _TABLE, definition(_INDEX))
        half = definition(_INDEX)

        assert mend_indexes() == [_INDEX]

        assert is_valid(_INDEX) is True
        assert definition(_INDEX) == half

    def test_lets_the_upgrade_make_one_that_it_was_cut_short_at(self) -> None:
        made = definition(_INDEX)
        build_half(_INDEX, _TABLE, made)
        db.execute("delete from django_migrations where app = 'payments' and name = '0005_open_refunds'")

        assert mend_indexes() == [_INDEX]

        assert is_valid(_INDEX) is None
        # Tests count from one again.
        db.execute("select setval(pg_get_serial_sequence('django_migrations', 'id'), max(id)) from django_migrations")
        call_command("migrate", interactive=False, verbosity=0)
        assert is_valid(_INDEX) is True

    def test_drops_what_a_rebuild_left_beside_it(self) -> None:
        made = definition(_INDEX)
        db.raw().execute(made.replace(_INDEX, f"{_INDEX}_ccnew"))
        build_half(f"{_INDEX}_ccnew", _TABLE, made.replace(_INDEX, f"{_INDEX}_ccnew"))

        assert mend_indexes() == [f"{_INDEX}_ccnew"]

        assert is_valid(f"{_INDEX}_ccnew") is None
        assert is_valid(_INDEX) is True

    def test_leaves_for_the_next_start_what_cannot_be_built_now(self) -> None:
        made = "CREATE UNIQUE INDEX mended_once ON public.django_migrations USING btree (app)"
        with pytest.raises(psycopg.errors.UniqueViolation):
            db.raw().execute(made.replace("INDEX", "INDEX CONCURRENTLY", 1))
        try:
            assert mend_indexes() == []
        finally:
            db.raw().execute("drop index mended_once")
            for left in ("mended_once_ccnew", "mended_once_ccnew1"):
                db.raw().execute(sql.SQL("drop index if exists {}").format(sql.Identifier(left)))
