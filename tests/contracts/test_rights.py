"""The role that the shop works as: it does all that the shop does, and cannot bend what is only added to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from evertill.domains import ledger, receipts, trail
from evertill.domains.trail import Actor, ActorKind, Subject
from evertill.journeys.grant_rights import grant_rights
from evertill.kernel import config, db
from tests import tables
from tests.builders import NOON, ask, make_product, place_one
from tests.ledgers import paid, post
from tests.server import Server, with_database

_ROLE = f"evertill_shop_{os.getpid()}"


_BOSS = Actor(kind=ActorKind.OPERATOR, id="root")
_ADDED_TO = sorted({**trail.RIGHTS, **ledger.RIGHTS, **receipts.RIGHTS})


@pytest.fixture
def shop(committed_db: None, pg_server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the worker's database as a role that owns nothing in it."""
    name = config.get().database_url.rpartition("/")[2]
    admin_url = with_database(pg_server.superuser_url, name)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} login password 'shop'").format(sql.Identifier(_ROLE)))
        try:
            grant_rights(role=_ROLE)
            parts = urlsplit(config.get().database_url)
            host = parts.netloc.rpartition("@")[2]
            url = urlunsplit(parts._replace(netloc=f"{_ROLE}:shop@{host}"))
            with psycopg.connect(url, autocommit=True) as opened:
                yield opened
        finally:
            admin.execute(sql.SQL("drop owned by {}").format(sql.Identifier(_ROLE)))
            admin.execute(sql.SQL("drop role {}").format(sql.Identifier(_ROLE)))


@pytest.fixture
def as_shop(shop: psycopg.Connection[Any]) -> Iterator[None]:
    """The shop itself works as that role."""
    owner = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict |= {"USER": _ROLE, "PASSWORD": "shop"}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= owner


def record() -> trail.Record:
    with db.write():
        return trail.write(actor=_BOSS, operation="orders.refund", subject=Subject(kind="order", id="1"), now=NOON)


@pytest.mark.usefixtures("as_shop")
class TestTheShop:
    def test_works_as_it(self) -> None:
        assert db.fetch("select current_user::text") == [(_ROLE,)]

        make_product("TEA", pieces=5)
        place_one(ask("key", {"TEA": 2}))
        post(*paid())
        record()
        record()

        assert tables.count("orders_order") == 1
        assert tables.count("ledger_transaction") > 0
        with db.snapshot():
            assert list(trail.verify(anchors=trail.read_heads())) == []


class TestBending:
    """The shop's role cannot bend the trail, and it is told of each right by which it could."""

    @pytest.mark.usefixtures("as_shop")
    def test_is_not_for_it(self) -> None:
        assert not trail.is_bendable()

    @pytest.mark.parametrize(
        "right",
        [
            "update on trail_record",
            "update (why) on trail_record",
            "delete on trail_record",
            "truncate on trail_record",
            "trigger on trail_record",
            "delete on trail_chain",
            "trigger on trail_chain",
            "evertill",
        ],
    )
    def test_is_told_of_every_right_to_it(
        self, as_shop: None, shop: psycopg.Connection[Any], pg_server: Server, right: str
    ) -> None:
        name = config.get().database_url.rpartition("/")[2]
        with psycopg.connect(with_database(pg_server.superuser_url, name), autocommit=True) as admin:
            owner = admin.execute("select tableowner::text from pg_tables where tablename = 'trail_record'").fetchone()
            assert owner is not None
            given = sql.SQL(owner[0] if right == "evertill" else right)
            admin.execute(sql.SQL("grant {} to {}").format(given, sql.Identifier(_ROLE)))

        assert trail.is_bendable()


class TestRights:
    def test_are_all_that_rows_need_in_every_table_but_a_few(self, shop: psycopg.Connection[Any]) -> None:
        rows = shop.execute(
            """
            select relname::text, array(
                select asked from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as asked
                where has_table_privilege(pg_class.oid, asked)
            )
            from pg_class
            where relnamespace = 'public'::regnamespace and relkind = 'r'
            """
        ).fetchall()

        fewer = {name: rights for name, rights in rows if len(rights) < 4}
        assert len(rows) > 50
        assert fewer == {
            "catalog_category_change": ["SELECT", "INSERT"],
            "catalog_change": ["SELECT", "INSERT"],
            "catalog_price_change": ["SELECT", "INSERT"],
            "claims_award": ["SELECT", "INSERT"],
            "claims_key": ["SELECT", "INSERT"],
            "claims_event": ["SELECT", "INSERT"],
            "claims_policy": ["SELECT", "INSERT"],
            "django_migrations": ["SELECT"],
            "ledger_transaction": ["SELECT", "INSERT"],
            "orders_note": ["SELECT", "INSERT"],
            "preferences_value": ["SELECT", "INSERT"],
            "receipts_batch": ["SELECT", "INSERT"],
            "receipts_key": ["SELECT", "INSERT"],
            "receipts_seal": ["SELECT", "INSERT"],
            "reviews_move": ["SELECT", "INSERT"],
            "stock_change": ["SELECT", "INSERT"],
            "trail_chain": ["SELECT", "INSERT", "UPDATE"],
            "trail_record": ["SELECT", "INSERT"],
        }

    def test_of_what_is_forgotten_with_an_account_are_of_that_column_alone(self, shop: psycopg.Connection[Any]) -> None:
        columns = [
            ("reviews_move", "why"),
            ("reviews_move", "told"),
            ("reviews_move", "state"),
            ("orders_note", "text"),
            ("orders_note", "id"),
        ]

        found = [shop.execute("select has_column_privilege(%s, %s, 'UPDATE')", pair).fetchone() for pair in columns]

        assert found == [(True,), (True,), (False,), (True,), (False,)]

    def test_reach_every_sequence(self, shop: psycopg.Connection[Any]) -> None:
        rows = shop.execute(
            "select has_sequence_privilege(oid, 'USAGE') from pg_class where relkind = 'S'"
            " and relnamespace = 'public'::regnamespace"
        ).fetchall()

        assert len(rows) > 5
        assert {can for (can,) in rows} == {True}

    @pytest.mark.parametrize("table", _ADDED_TO)
    @pytest.mark.parametrize(
        "statement",
        [
            "delete from {}",
            "truncate {}",
            "drop table {}",
            "alter table {} disable trigger all",
            "alter table {} owner to current_user",
            "alter table {} add column extra text",
            "create trigger t before insert on {} for each row execute function suppress_redundant_updates_trigger()",
        ],
    )
    def test_bend_nothing_that_is_only_added_to(
        self, shop: psycopg.Connection[Any], table: str, statement: str
    ) -> None:
        record()
        before = tables.rows(table)

        with pytest.raises(InsufficientPrivilege):
            shop.execute(sql.SQL(statement).format(sql.Identifier(table)))

        assert tables.rows(table) == before

    @pytest.mark.parametrize(
        "statement",
        [
            "update trail_record set why = ''",
            "update ledger_transaction set reference = ''",
            "set session_replication_role = replica",
            "create table mine (id int)",
            "create function mine() returns int language sql as 'select 1'",
            "create or replace function trail_refuse_change() returns trigger language plpgsql as 'begin end'",
            "drop schema public cascade",
            "insert into django_migrations (app, name, applied) values ('trail', '0002', now())",
            "set role postgres",
            "set role evertill",
        ],
    )
    def test_reach_no_further(self, shop: psycopg.Connection[Any], statement: str) -> None:
        with pytest.raises(InsufficientPrivilege):
            shop.execute(statement.encode())
