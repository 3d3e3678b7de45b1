"""A shop at rest: with orders that were written past it, and nothing left for it to do for them."""

from __future__ import annotations

import time

from bench import database as db
from bench.database import Database
from bench.errors import BenchError
from bench.race import Tell

_LOOK_S = 2.0
_WITHIN_S = 1800.0


def settle(database: Database, *, tell: Tell, within_s: float = _WITHIN_S) -> None:
    """This function will return once an open shop has done all that it does for the orders that are there.

    They have receipts, stand in the journal and can be found, as years of trade would have left them; the tables are
    vacuumed, so that no later look changes a page, and all is on the disk. Raises BenchError when it takes too long.
    """
    began = time.monotonic()
    if _left(database)[0]:
        db.query(database.url, db.statement("before_receipts"))
    db.query(database.url, db.statement("unfound"))
    while any(left := _left(database)):
        if time.monotonic() - began > within_s:
            raise BenchError(
                f"The shop does not come to rest: {left[0]} without receipt, {left[1]} unsealed, {left[2]} unfound."
            )
        time.sleep(_LOOK_S)
    db.query(database.url, "vacuum (analyze)")
    while db.query(database.admin_url, "select from pg_stat_activity where backend_type = 'autovacuum worker'"):
        if time.monotonic() - began > within_s:
            raise BenchError("The database does not come to rest: it is being vacuumed without end.")
        time.sleep(_LOOK_S)
    db.rest(database)
    tell(f"at rest after {time.monotonic() - began:.0f} s")


def _left(database: Database) -> tuple[int, int, int]:
    ((without_receipt, unsealed, unfound),) = db.query(database.url, db.statement("left"))
    return without_receipt, unsealed, unfound
