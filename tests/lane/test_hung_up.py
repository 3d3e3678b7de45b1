"""What becomes of a thread of the lane's on which everybody has hung up: it comes to its end, whatever tests do."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from evertill.domains import access
from evertill.entry.lane.threads import in_thread
from evertill.journeys import see_own
from evertill.kernel import db, scopes


@pytest.fixture
def hung_up(django_db_blocker: Any, committed_db: None) -> None:
    """A call of the lane's whose caller has gone, and which comes to its end while tests may not use the database."""
    inside, go_on, over = threading.Event(), threading.Event(), threading.Event()

    def journey() -> None:
        try:
            with db.write():
                db.fetch("select 1")
                inside.set()
                assert go_on.wait(timeout=60)
        finally:
            over.set()

    async def call() -> None:
        calling = asyncio.create_task(in_thread(journey))
        await asyncio.to_thread(inside.wait, 60)
        calling.cancel()

    asyncio.run(call())
    with django_db_blocker.block():
        with pytest.raises(RuntimeError, match="Database access not allowed"):
            db.raw()
        go_on.set()
        assert over.wait(timeout=60)


def test_leaves_a_connection_that_others_can_use(hung_up: None) -> None:
    def look() -> list[Any]:
        with see_own.proved(account_id=1):
            seen = scopes.fetch("select id from orders_order order by id", ())
        return [*seen, *access.list_tokens()]

    async def look_by_each() -> list[list[Any]]:
        return await asyncio.gather(*(in_thread(look) for _ in range(6)))

    assert asyncio.run(look_by_each()) == [[]] * 6
