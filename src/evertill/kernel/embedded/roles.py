"""The roles that own nothing: the shop's own, and one that it plays while it reads for somebody from outside.

The first reads and writes what the shop does, and can change no table itself: whatever gets into a web worker's
statements can then not switch a trigger off, nor drop what it may not change. Policies are not for it: below them
PostgreSQL uses no index on an expression, nor one for parts of a text, and every search would read whole tables. The
second sees such rows only as the policies of the tables let it.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

SHOP_ROLE, VISITOR_ROLE = "evertill_shop", "evertill_visitor"
_MAKE = """
do $$
begin
    if not exists (select from pg_roles where rolname = '{role}') then
        create role {role} {login} nosuperuser nocreatedb nocreaterole noreplication;
    end if;
end
$$
"""


def make_shop_roles(superuser_url: str, *, password: str) -> None:
    """This function will see to it that both roles are there, and the shop's own has this password; safe to repeat.

    A cluster that was made by an older release, or restored from a backup of one, gets them so.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(_MAKE.format(role=SHOP_ROLE, login="login").encode())
        connection.execute(sql.SQL("alter role {} bypassrls").format(sql.Identifier(SHOP_ROLE)))
        make_visitor_role(connection, played_by=SHOP_ROLE)
        connection.execute(
            sql.SQL("alter role {} password {}").format(sql.Identifier(SHOP_ROLE), sql.Literal(password))
        )


def make_visitor_role(connection: psycopg.Connection[Any], *, played_by: str) -> None:
    """This function will see to it that the visitor's role is there and another one can play it; for a superuser."""
    connection.execute(_MAKE.format(role=VISITOR_ROLE, login="nologin").encode())
    connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(VISITOR_ROLE), sql.Identifier(played_by)))
