"""Raise walls: which rows of customers' data the database shows to whom, whatever a query asks for.

Done by the role that owns the tables, at every start. A table that stands here is shown to the visitor's role
(`see_own`) row by row; one that does not is not shown to it at all. To the shop itself all rows are shown: its role
bypasses policies, because PostgreSQL hands no condition with a function that could leak (`lower`, `like`, hashes) to an
index below one, whatever the policy says, and every search would read whole tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
import structlog
from psycopg import sql

from evertill.journeys.see_own import ACCOUNT, OPENS, ROLE
from evertill.kernel import db

_log = structlog.get_logger("evertill.access")
_ME: LiteralString = f"nullif(current_setting('{ACCOUNT}', true), '')::bigint"
_OPENED: LiteralString = f"string_to_array(nullif(current_setting('{OPENS}', true), ''), ',')::bigint[]"
_HIS: LiteralString = f"account_id = {_ME}"
# What was opened is known without looking at the order.
_OF_HIS_ORDER: LiteralString = (
    f"order_id = any({_OPENED}) or exists (select from orders_order as whole where whole.id = order_id)"
)
_OF_HIS_PAYMENT: LiteralString = "exists (select from payments_intent as whole where whole.id = intent_id)"

# A table, and which of its rows are his. Those that are parts of another row are shown where that one is.
OWN: Mapping[str, LiteralString] = {
    "orders_order": f"{_HIS} or id = any({_OPENED})",
    "orders_line": _OF_HIS_ORDER,
    "orders_event": _OF_HIS_ORDER,
    "orders_return": _OF_HIS_ORDER,
    "payments_intent": _OF_HIS_ORDER,
    "payments_move": _OF_HIS_PAYMENT,
    "payments_refund": _OF_HIS_PAYMENT,
    "fulfilment_code": _OF_HIS_ORDER,
    "fulfilment_due": _OF_HIS_ORDER,
    "accounts_account": f"id = {_ME}",
    "accounts_address": _HIS,
    "access_staff": _HIS,
    "identity_browser": _HIS,
    "identity_passkey": _HIS,
    "identity_recovery_code": _HIS,
    "identity_session": _HIS,
    "identity_totp": _HIS,
    "messages_message": f"{_HIS} or {_OF_HIS_ORDER}",
    "submissions_submission": _HIS,
    "claims_claim": _HIS,
    "reviews_review": _OF_HIS_ORDER,
}
# Of a table that tells more than is for him, the columns that he may read: what he is asked, not why, nor by whom.
PARTS: Mapping[str, tuple[str, ...]] = {"reviews_review": ("order_id", "question", "answer", "ended_at")}

_BYPASSES = "select from pg_roles where rolname = %s and (rolbypassrls or rolsuper)"


def raise_walls(*, shop_role: str) -> bool:
    """This function will have the tables show the visitor's role only what is his, and say whether they do.

    Not where there is no such role, nor where `shop_role`, as which the shop works, does not bypass policies. Safe to
    repeat: what stands already is not touched, so that nobody waits for a lock.
    """
    with db.write():
        connection = db.raw()
        if connection.execute("select from pg_roles where rolname = %s", (ROLE,)).fetchone() is None:
            return False
        if connection.execute(_BYPASSES, (shop_role,)).fetchone() is None:
            _log.warning("no second wall", why=f"the role {shop_role} needs bypassrls", see="database.md")
            return False
        connection.execute(sql.SQL("grant usage on schema public to {}").format(sql.Identifier(ROLE)))
    for table, shown in OWN.items():
        # One table in a transaction: each lock is held for a moment.
        with db.write():
            _raise_wall(db.raw(), table, shown)
    return True


def _raise_wall(connection: psycopg.Connection[Any], table: str, shown: LiteralString) -> None:
    mark = hashlib.sha256(shown.encode()).hexdigest()[:16]
    names = {"table": sql.Identifier(table), "visitor": sql.Identifier(ROLE)}
    parts = sql.SQL(", ").join(map(sql.Identifier, PARTS.get(table, ())))
    what = sql.SQL("select ({})").format(parts) if table in PARTS else sql.SQL("select")
    connection.execute(sql.SQL("grant {what} on {table} to {visitor}").format(what=what, **names))
    stands = connection.execute(
        "select obj_description(policy.oid, 'pg_policy') = %s and walled.relrowsecurity and walled.relforcerowsecurity"
        " from pg_policy as policy join pg_class as walled on walled.oid = policy.polrelid"
        " where policy.polrelid = %s::regclass and policy.polname = 'own'",
        (mark, table),
    ).fetchone()
    if stands == (True,):
        return
    for statement in (
        "drop policy if exists own on {table}",
        "drop policy if exists shop on {table}",
        f"create policy shop on {{table}} using (current_user <> '{ROLE}') with check (current_user <> '{ROLE}')",
        f"create policy own on {{table}} for select to {{visitor}} using ({shown})",
        "alter table {table} enable row level security",
        # Else whoever owns the table would see past them.
        "alter table {table} force row level security",
        f"comment on policy own on {{table}} is '{mark}'",
    ):
        connection.execute(sql.SQL(statement).format(**names))
