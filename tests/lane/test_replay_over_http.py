"""A replay end to end: file, shop, token, lane, database — once, and again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection

from evertill.domains.access import Scope
from evertill.entry.cli.replay_client import Answered, TokenRefused, place_invoices
from evertill.entry.lane import orders, webhooks
from evertill.entry.lane.app import Lane
from evertill.journeys.audit_books import audit_books
from evertill.journeys.authenticate_caller import authenticate_caller
from evertill.journeys.manage_tokens import issue_token
from evertill.journeys.replay_invoices import Plan, Tally, count_placed, prepare_shop, read_invoices
from tests.builders import NOON, balance

FILE = """InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID,Country
1,85123A,HOLDER,6,2.55,17850,UK
1,85123a,HOLDER,2,2.95,17850,UK
C2,85123A,HOLDER,-6,2.55,17850,UK
3,85123A,HOLDER,3,2.10,,UK
3,BANK CHARGES,Bank Charges,1,15,,UK
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    path = tmp_path / "invoices.csv"
    path.write_text(FILE, encoding="cp1252")
    return read_invoices(path)


def run(plan: Plan, *, token: str) -> list[Answered]:
    # The queues belong to one event loop, and each run has its own.
    orders.placing.cache_clear()
    webhooks.receiving.cache_clear()
    answers: list[Answered] = []
    lane = Lane()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await lane.find(scope)(scope, receive, send)

    async def place() -> None:
        try:
            await place_invoices(
                plan.invoices,
                url="http://shop.invalid",
                token=token,
                concurrency=2,
                on_answer=answers.append,
                transport=httpx.ASGITransport(app),
            )
        finally:
            await lane.close()

    asyncio.run(place())
    orders.placing.cache_clear()
    webhooks.receiving.cache_clear()
    return answers


def in_database() -> tuple[int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute("select count(*), (select sum(quantity) from orders_line), sum(total) from orders_order")
        count, units, amount = cursor.fetchone()
    return count, int(units or 0), int(amount or 0)


@pytest.mark.usefixtures("committed_db")
class TestReplay:
    def issue(self, *scopes: Scope) -> str:
        return issue_token(name="replay", scopes=scopes, now=NOON, replace=True)

    def test_places_every_sale_once_however_often_it_runs(self, plan: Plan) -> None:
        for is_repeat in (False, True):
            token = self.issue(Scope.ORDERS_PRICE)
            owner = authenticate_caller(secret=token).key_owner
            prepare_shop(plan, owner=owner, now=NOON)

            answers = run(plan, token=token)

            assert [
                (a.invoice.number, a.is_placed, a.is_repeat) for a in sorted(answers, key=lambda a: a.invoice.number)
            ] == [
                ("1", True, is_repeat),
                ("3", True, is_repeat),
            ]
            expected = Tally(orders=2, units=12, amount=6 * 255 + 2 * 295 + 3 * 210 + 1500)
            assert plan.tally == count_placed(plan.invoices, owner=owner) == expected
            assert in_database() == (2, 12, expected.amount)
            assert (balance("85123A"), balance("85123a"), balance("BANK CHARGES")) == ((9, 9), (2, 2), (1, 1))
        assert audit_books() == []

    def test_without_the_scope_places_nothing(self, plan: Plan) -> None:
        token = self.issue(Scope.ORDERS_READ)
        prepare_shop(plan, owner="nobody", now=NOON)

        with pytest.raises(TokenRefused):
            run(plan, token=token)

        assert in_database() == (0, 0, 0)
