"""A replay end to end: file, shop, token, lane, Sandbox, database — once, and again, and after being cut off."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection

from evertill.domains import payments
from evertill.domains.access import Scope
from evertill.entry.cli import replay_http
from evertill.entry.cli.replay_client import PAYMENTS_MAX, Answered, Shop, replay_sales
from evertill.entry.cli.replay_http import ReplayStopped, TokenRefused
from evertill.entry.cli.replay_refunds import Given, replay_returns
from evertill.entry.lane import orders, webhooks
from evertill.entry.lane import payments as lane_payments
from evertill.entry.lane.app import Lane
from evertill.journeys.audit_books import audit_books
from evertill.journeys.authenticate_caller import authenticate_caller
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.manage_tokens import issue_token
from evertill.journeys.refund_order import RefundOrder, refund_order
from evertill.journeys.replay_invoices import Books, Plan, Tally, prepare_shop, read_books, read_invoices
from evertill.journeys.replay_returns import NoRefund, match_returns
from evertill.kernel import clock, config, ids
from evertill.outside.sandbox_provider import SandboxProvider
from tests import tables
from tests.askers import MACHINE
from tests.builders import NOON, balance
from tests.sandbox.provider import Provider

FILE = """InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID,Country
1,85123A,HOLDER,6,2.55,17850,UK
1,85123a,HOLDER,2,2.95,17850,UK
C2,85123A,HOLDER,-4,2.55,17850,UK
3,85123A,HOLDER,3,2.10,,UK
3,BANK CHARGES,Bank Charges,1,15,,UK
"""
TOTAL = 6 * 255 + 2 * 295 + 3 * 210 + 1500
# Every table that a replay leaves something in.
WRITTEN = (
    "orders_order", "orders_line", "orders_event", "stock_movement", "payments_intent", "payments_move",
    "payments_refund", "ledger_transaction",
)  # fmt: skip


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    path = tmp_path / "invoices.csv"
    path.write_text(FILE, encoding="cp1252")
    return read_invoices(path)


@pytest.fixture
def connected(sandbox: Provider) -> Iterator[None]:
    # The machine may be busy.
    settings = dataclasses.replace(config.get(), provider_failures_max=1000, provider_timeout_ms=60_000)
    keys = sandbox.folder / "sandbox" / "sandbox-keys.json"
    with closing(SandboxProvider(url=sandbox.url, keys=keys, settings=settings)) as provider:
        payments.register(provider)
        yield
    payments.register()


class Wires(httpx.AsyncBaseTransport):
    """The lane as a network that may be cut: behind so many requests nothing is heard any more."""

    def __init__(self, lane: Lane, *, answers_max: int | None) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await lane.find(scope)(scope, receive, send)

        self._lane = httpx.ASGITransport(app)
        self._left = answers_max

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._lane.handle_async_request(request)
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                await answer.aread()
                raise httpx.ReadError("cut off")
        return answer


def forget_queues() -> None:
    """Queues belong to one event loop, and each run has its own."""
    for queue in (orders.placing, lane_payments.paying, webhooks.receiving):
        queue.cache_clear()


def with_shop(
    work: Callable[[Shop], Coroutine[Any, Any, None]], *, token: str, concurrency: int, answers_max: int | None
) -> None:
    forget_queues()

    async def whole() -> None:
        lane = Lane()
        wires = Wires(lane, answers_max=answers_max)
        try:
            await work(Shop(url="http://shop.invalid", token=token, concurrency=concurrency, transport=wires))
        finally:
            await lane.close()

    asyncio.run(whole())
    forget_queues()


def run(
    plan: Plan, *, token: str, pays: bool = False, concurrency: int = 2, answers_max: int | None = None
) -> list[Answered]:
    answers: list[Answered] = []

    async def sell(shop: Shop) -> None:
        await replay_sales(plan.invoices, shop=shop, pays=pays, on_answer=answers.append)

    with_shop(sell, token=token, concurrency=concurrency, answers_max=answers_max)
    return sorted(answers, key=lambda answer: answer.invoice.number)


def give_back(
    plan: Plan, sold: Sequence[Answered], *, token: str, restock: bool = False, answers_max: int | None = None
) -> list[Given]:
    answers: list[Given] = []
    numbers = {answer.invoice.number: answer.number for answer in sold if answer.is_paid}

    async def give(shop: Shop) -> None:
        refunds = match_returns(plan).refunds
        await replay_returns(refunds, shop=shop, orders=numbers, restock=restock, on_answer=answers.append)

    with_shop(give, token=token, concurrency=2, answers_max=answers_max)
    return answers


def in_database() -> tuple[int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute("select count(*), (select sum(quantity) from orders_line), sum(total) from orders_order")
        count, units, amount = cursor.fetchone()
    return count, int(units or 0), int(amount or 0)


@pytest.fixture
def token(plan: Plan, committed_db: None) -> str:
    """A token for all of it, on a shop with all the goods."""
    token = issue(Scope.ORDERS_PRICE, Scope.ORDERS_REFUND)
    prepare_shop(plan, owner=authenticate_caller(secret=token).key_owner, now=NOON)
    return token


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_http, "_WAIT_MAX_S", 0.01)
    monkeypatch.setattr(replay_http, "TRIES_MAX", 2)


@pytest.fixture
def mix(sandbox: Provider) -> Iterator[Callable[[str], None]]:
    """Has Sandbox strike every time with one fault; afterwards with none."""

    def strike(fault: str) -> None:
        assert sandbox.post("/v1/faults", {"mix": {fault: 1.0}, "seed": 1}).status_code == 200

    yield strike
    sandbox.client.delete("/v1/faults")


def issue(*scopes: Scope) -> str:
    return issue_token(asker=MACHINE, name="replay", scopes=scopes, now=NOON, replace=True)


@pytest.mark.usefixtures("committed_db")
class TestPlacing:
    def test_places_every_sale_once_however_often_it_runs(self, plan: Plan) -> None:
        for is_repeat in (False, True):
            token = issue(Scope.ORDERS_PRICE)
            owner = authenticate_caller(secret=token).key_owner
            prepare_shop(plan, owner=owner, now=NOON)

            answers = run(plan, token=token)

            assert [(a.invoice.number, a.is_placed, a.is_repeat, a.is_paid) for a in answers] == [
                ("1", True, is_repeat, False),
                ("3", True, is_repeat, False),
            ]
            expected = Tally(orders=2, units=12, amount=TOTAL)
            assert plan.tally == expected
            assert read_books(plan.invoices, owner=owner) == Books(placed=expected, paid=0, captured=0, refunded=0)
            assert in_database() == (2, 12, expected.amount)
            assert (balance("85123A"), balance("85123a"), balance("BANK CHARGES")) == ((9, 9), (2, 2), (1, 1))
        assert audit_books() == []

    def test_without_the_scope_places_nothing(self, plan: Plan) -> None:
        token = issue(Scope.ORDERS_READ)
        prepare_shop(plan, owner="nobody", now=NOON)

        with pytest.raises(TokenRefused):
            run(plan, token=token)

        assert in_database() == (0, 0, 0)


@pytest.mark.usefixtures("connected", "no_waiting")
class TestPaying:
    def paid(self, plan: Plan, token: str) -> None:
        """Everything is paid, once."""
        owner = authenticate_caller(secret=token).key_owner
        assert read_books(plan.invoices, owner=owner) == Books(placed=plan.tally, paid=2, captured=TOTAL, refunded=0)
        assert (balance("85123A"), balance("85123a"), balance("BANK CHARGES")) == ((0, 0), (0, 0), (0, 0))
        assert audit_books() == []

    def test_pays_every_order_once_however_often_it_runs(self, plan: Plan, token: str) -> None:
        first = run(plan, token=token, pays=True)
        before = {table: tables.rows(table) for table in WRITTEN}
        second = run(plan, token=token, pays=True)

        assert [(a.invoice.number, a.is_repeat, a.captured) for a in first] == [
            (item.number, False, item.total) for item in plan.invoices
        ]
        assert [(a.invoice.number, a.is_repeat, a.captured) for a in second] == [
            (item.number, True, item.total) for item in plan.invoices
        ]
        assert {table: tables.rows(table) for table in WRITTEN} == before
        assert tables.count("payments_intent") == 2
        self.paid(plan, token)

    # One order after the other, each placed, begun to pay and looked at: six answers, and each may be the last.
    @pytest.mark.parametrize("answers_max", range(6))
    def test_goes_on_with_the_same_payment_wherever_it_was_cut_off(
        self, plan: Plan, token: str, answers_max: int
    ) -> None:
        with pytest.raises(ReplayStopped):
            run(plan, token=token, pays=True, concurrency=1, answers_max=answers_max)

        run(plan, token=token, pays=True)

        assert tables.count("payments_intent") == 2
        self.paid(plan, token)

    def test_pays_what_an_earlier_run_only_placed(self, plan: Plan, token: str) -> None:
        run(plan, token=token)

        run(plan, token=token, pays=True)

        self.paid(plan, token)

    def test_pays_again_where_the_money_was_not_enough(
        self, plan: Plan, token: str, sandbox: Provider, mix: Callable[[str], None]
    ) -> None:
        mix("partial_capture")
        short = run(plan, token=token, pays=True)
        sandbox.client.delete("/v1/faults")

        assert [(a.code, a.detail) for a in short] == [("NOT_PAID", "The payment is UNDERPAID.")] * 2
        assert tables.count("payments_intent") == 2 * PAYMENTS_MAX

        run(plan, token=token, pays=True)

        assert tables.count("payments_intent") == 2 * PAYMENTS_MAX + 2
        assert [a.captured for a in run(plan, token=token, pays=True)] == [item.total for item in plan.invoices]

    def test_tells_of_a_payment_that_sandbox_has_forgotten_and_pays_the_others(
        self, plan: Plan, token: str, sandbox: Provider
    ) -> None:
        with pytest.raises(ReplayStopped):
            run(plan, token=token, pays=True, concurrency=1, answers_max=1)
        with connection.cursor() as cursor:
            cursor.execute("update payments_intent set next_value = %s", [f"{sandbox.url}/pay/pay_{'0' * 24}"])

        forgotten, paid = run(plan, token=token, pays=True)

        assert (forgotten.is_paid, forgotten.code) == (False, "PAGE_GONE")
        assert paid.is_paid
        assert tables.count("payments_intent") == 2

    def test_tells_of_an_order_that_has_ended(self, plan: Plan, token: str) -> None:
        first, _ = run(plan, token=token)
        cancel_order(order_id=ids.from_number(first.number), actor="ada", now=clock.now())

        ended, paid = run(plan, token=token, pays=True)

        assert (ended.is_placed, ended.is_paid, ended.code) == (True, False, "ORDER_NOT_PAYABLE")
        assert ended.detail == "This order is CANCELLED and does not wait for money."
        assert paid.is_paid


@pytest.mark.usefixtures("connected", "no_waiting")
class TestGivingBack:
    BACK = 4 * 255

    @pytest.fixture
    def sold(self, plan: Plan, token: str) -> list[Answered]:
        return run(plan, token=token, pays=True)

    def given(self, plan: Plan, token: str) -> None:
        """What came back is given back, once."""
        owner = authenticate_caller(secret=token).key_owner
        assert read_books(plan.invoices, owner=owner) == Books(
            placed=plan.tally, paid=2, captured=TOTAL, refunded=self.BACK
        )
        assert tables.count("payments_refund") == 1
        assert audit_books() == []

    def test_gives_back_once_however_often_it_runs(self, plan: Plan, token: str, sold: list[Answered]) -> None:
        first = give_back(plan, sold, token=token)
        before = {table: tables.rows(table) for table in WRITTEN}
        second = give_back(plan, sold, token=token)

        (refund,) = match_returns(plan).refunds
        assert first == [Given(refund=refund)]
        assert second == [Given(refund=refund, is_repeat=True)]
        assert {table: tables.rows(table) for table in WRITTEN} == before
        assert balance("85123A") == (0, 0)
        self.given(plan, token)

    def test_puts_goods_back_on_sale_only_when_told_so(self, plan: Plan, token: str, sold: list[Answered]) -> None:
        give_back(plan, sold, token=token, restock=True)

        assert (balance("85123A"), balance("85123a")) == ((4, 0), (0, 0))
        self.given(plan, token)

    def test_gives_back_once_when_the_answer_was_lost(self, plan: Plan, token: str, sold: list[Answered]) -> None:
        with pytest.raises(ReplayStopped):
            give_back(plan, sold, token=token, answers_max=0)

        assert [answer.is_repeat for answer in give_back(plan, sold, token=token)] == [True]

        self.given(plan, token)

    def test_leaves_what_sandbox_does_not_answer_to_the_next_run(
        self, plan: Plan, token: str, sold: list[Answered], sandbox: Provider, mix: Callable[[str], None]
    ) -> None:
        mix("down")
        (waiting,) = give_back(plan, sold, token=token)
        sandbox.client.delete("/v1/faults")

        assert (waiting.why, waiting.has_failed) == (NoRefund.UNFINISHED, True)
        assert [item.part.quantity for item in waiting.left()] == [4]
        assert [answer.why for answer in give_back(plan, sold, token=token)] == [None]
        self.given(plan, token)

    def test_tells_why_the_shop_refused(self, plan: Plan, token: str, sold: list[Answered]) -> None:
        asked = RefundOrder(order_id=ids.from_number(sold[0].number), reason="by hand", caller="ada", key=b"1")
        refund_order(asked=asked, actor="ada", now=clock.now())

        (refused,) = give_back(plan, sold, token=token)

        assert (refused.why, refused.detail.partition(".")[0]) == (NoRefund.REFUSED, "TOO_MANY_PIECES")
        assert tables.count("payments_refund") == 1

    def test_asks_nothing_about_an_order_that_is_not_paid(self, plan: Plan, token: str) -> None:
        placed = run(plan, token=token)

        (left,) = give_back(plan, placed, token=token, answers_max=0)

        assert (left.why, left.has_failed) == (NoRefund.NOT_PAID, False)

    def test_without_the_scope_gives_nothing_back(self, plan: Plan, sold: list[Answered]) -> None:
        with pytest.raises(TokenRefused):
            give_back(plan, sold, token=issue(Scope.ORDERS_PRICE))

        assert tables.count("payments_refund") == 0
