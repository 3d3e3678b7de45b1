"""Grant rights: the role that the shop works as gets what the shop does, and no more.

Done by the role that owns the tables, at every start, after the tables have been brought up to the release.
"""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import sql

from evertill.domains import catalog, claims, ledger, orders, preferences, receipts, reviews, stock, trail
from evertill.kernel import db

_ALL = ("select", "insert", "update", "delete")
# Tables that the shop only adds to, and one that only releases write.
_FEWER: Mapping[str, tuple[str, ...]] = {
    **trail.RIGHTS,
    **ledger.RIGHTS,
    **claims.RIGHTS,
    **preferences.RIGHTS,
    **receipts.RIGHTS,
    **orders.RIGHTS,
    **reviews.RIGHTS,
    **catalog.RIGHTS,
    **stock.RIGHTS,
    "django_migrations": ("select",),
}


def grant_rights(*, role: str) -> None:
    """This function will let a role read and write rows, but change or empty no table and add no thing of its own.

    What the shop only adds to, it can only add to. Safe to repeat, also while the shop is open.
    """
    shop = sql.Identifier(role)
    with db.write():
        connection = db.raw()
        for statement in (
            "grant usage on schema public to {}",
            "revoke create on schema public from {}",
            "revoke all on all tables in schema public from {}",
            "grant select, insert, update, delete on all tables in schema public to {}",
            "grant usage, select, update on all sequences in schema public to {}",
        ):
            connection.execute(sql.SQL(statement).format(shop))
        for table, rights in _FEWER.items():
            taken = sql.SQL(", ").join(sql.SQL(right) for right in _ALL if right not in rights)
            connection.execute(sql.SQL("revoke {} on {} from {}").format(taken, sql.Identifier(table), shop))
            # Of one column alone; all rights of columns were taken with those of their table.
            for right in (right for right in rights if "(" in right):
                given = sql.SQL("grant {} on {} to {}")
                connection.execute(given.format(sql.SQL(right), sql.Identifier(table), shop))
