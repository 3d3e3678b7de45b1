"""See one's own: what somebody from outside reads, the database shows only as far as it is his.

A second wall behind the filters of the queries. Whoever opens the door says what was proved, with `proved`; what reads
for somebody from outside does so in `own_rows`, or by a statement that is narrowed by itself (`orders.read_order`). A
query that forgot its filter then finds nothing of others.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager

from evertill.domains.identity import Session
from evertill.kernel import scopes

ROLE = "evertill_visitor"
ACCOUNT, OPENS = "evertill.account", "evertill.opens"


def proved(*, account_id: int | None = None, opens: Collection[int] = ()) -> AbstractContextManager[None]:
    """The block is for who has proved to be this account, or to hold the tokens of these orders; or for nobody."""
    return scopes.scoped(_scope(account_id, opens))


def prove(*, opens: Collection[int]) -> None:
    """This function will note that the present request holds the tokens of these orders, and is for nothing else."""
    scopes.enter(_scope(None, opens))


def own_rows(session: Session | None = None) -> AbstractContextManager[None]:
    """One transaction that sees what is the session's account's, or what was `proved` around it; else everything."""
    return scopes.narrowed(_scope(session.account_id, ()) if session else None)


def _scope(account_id: int | None, opens: Collection[int]) -> scopes.Scope:
    account = "" if account_id is None else str(account_id)
    return scopes.Scope(role=ROLE, settings={ACCOUNT: account, OPENS: ",".join(map(str, sorted(opens)))})
