"""The shop's own role: it reads and writes what the shop does, and owns nothing, so it can change no table itself.

Whatever gets into a web worker's statements can then not switch a trigger off, nor drop what it may not change.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

SHOP_ROLE = "evertill_shop"
_MAKE = """
do $$
begin
    if not exists (select from pg_roles where rolname = '{role}') then
        create role {role} login nosuperuser nocreatedb nocreaterole noreplication;
    end if;
end
$$
"""


def make_shop_role(superuser_url: str, *, password: str) -> None:
    """This function will see to it that the shop's own role is there and has this password; safe to repeat.

    A cluster that was made by an older release, or restored from a backup of one, gets it so.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(_MAKE.format(role=SHOP_ROLE).encode())
        connection.execute(
            sql.SQL("alter role {} password {}").format(sql.Identifier(SHOP_ROLE), sql.Literal(password))
        )
