"""Replaying invoices: what is a sale, what is left out and why, and a client that never doubles what it sends."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from evertill.domains import catalog, stock
from evertill.domains.catalog.models import Price
from evertill.domains.stock.models import StockMovement
from evertill.entry.cli import replay_http
from evertill.entry.cli.replay_client import Answered, PageElsewhere, SandboxMissing, Shop, replay_sales
from evertill.entry.cli.replay_http import ReplayStopped, TokenRefused
from evertill.journeys.place_orders import AskedLine, Placed, PlaceOrder, digest_key, place_orders
from evertill.journeys.replay_invoices import (
    Invoice,
    LeftOut,
    Plan,
    ReturnLine,
    SaleLine,
    Tally,
    Why,
    derive_key,
    prepare_shop,
    read_books,
    read_invoices,
    tally_of,
)
from evertill.kernel import crypto
from tests.builders import NOON, balance, make_product
from tests.invoices import real_file

HEAD = "InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID,Country"


def read(tmp_path: Path, *lines: str) -> Plan:
    path = tmp_path / "invoices.csv"
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="cp1252")
    return read_invoices(path)


class TestReading:
    def test_one_invoice_is_one_order_line_by_line(self, tmp_path: Path) -> None:
        plan = read(
            tmp_path,
            "536365,85123A,HOLDER £,6,2.55,17850,UK",
            "536366,71053,LANTERN,1,3.39,,UK",
            "536365,85123A,HOLDER £,2,2.10,17850,UK",
        )

        assert plan.invoices == (
            Invoice(
                number="536365",
                key=f"replay-{plan.digest}-536365",
                customer="17850",
                email="17850@customers.invalid",
                lines=(
                    SaleLine(line=2, sku="85123A", title="HOLDER £", quantity=6, unit_price=255),
                    SaleLine(line=4, sku="85123A", title="HOLDER £", quantity=2, unit_price=210),
                ),
            ),
            Invoice(
                number="536366",
                key=f"replay-{plan.digest}-536366",
                customer="",
                email="nobody@customers.invalid",
                lines=(SaleLine(line=3, sku="71053", title="LANTERN", quantity=1, unit_price=339),),
            ),
        )
        assert plan.tally == Tally(orders=2, units=9, amount=6 * 255 + 2 * 210 + 339)
        assert plan.returns == ()
        assert plan.left_out == ()

    def test_what_is_no_sale_is_left_out_with_its_reason(self, tmp_path: Path) -> None:
        plan = read(
            tmp_path,
            "C1,A,x,1,1,1,UK",
            "C1,A,x,0,1,1,UK",
            "2,A,x,0,1,1,UK",
            "2,A,x,1,0,1,UK",
            "2,A,x,1,-5,1,UK",
            "2,A,x,1.5,1,1,UK",
            "2,A,x,1,1.005,1,UK",
            "2,,x,1,1,1,UK",
            ",A,x,1,1,1,UK",
            "2,A,x,1",
        )

        assert (plan.invoices, plan.returns) == ((), ())
        assert [(item.line, item.why) for item in plan.left_out] == [
            (2, Why.CANCELLATION),
            (3, Why.CANCELLATION),
            (4, Why.QUANTITY),
            (5, Why.PRICE),
            (6, Why.PRICE),
            (7, Why.UNREADABLE),
            (8, Why.UNREADABLE),
            (9, Why.UNREADABLE),
            (10, Why.UNREADABLE),
            (11, Why.UNREADABLE),
        ]
        assert plan.left_out[0] == LeftOut(line=2, invoice="C1", sku="A", why=Why.CANCELLATION)

    def test_what_came_back_is_a_return_by_its_quantity(self, tmp_path: Path) -> None:
        plan = read(tmp_path, "C1,A,x,-3,1.25,17850,UK", "2,B,x,-20,0,,UK", "2,B,x,1,1,,UK")

        assert plan.returns == (
            ReturnLine(line=2, invoice="C1", customer="17850", sku="A", quantity=3, unit_price=125),
            ReturnLine(line=3, invoice="2", customer="", sku="B", quantity=20, unit_price=0),
        )
        assert plan.left_out == ()
        assert plan.tally == Tally(orders=1, units=1, amount=100)

    def test_goods_go_by_their_most_frequent_title_and_price_and_keep_their_code(self, tmp_path: Path) -> None:
        plan = read(
            tmp_path,
            "1,85123a,,1,2.95,,UK",
            "1,85123a,HOLDER,1,2.55,,UK",
            "2,85123a,HOLDER,1,2.55,,UK",
            "2,85123a,OTHER,1,2.95,,UK",
            "3,85123A,BIG,4,1,,UK",
            "3,BANK CHARGES,,1,15,,UK",
        )

        assert [(goods.sku, goods.title, goods.prices, goods.on_hand) for goods in plan.goods] == [
            ("85123a", "HOLDER", {"GBP": 295}, 4),
            ("85123A", "BIG", {"GBP": 100}, 4),
            ("BANK CHARGES", "BANK CHARGES", {"GBP": 1500}, 1),
        ]

    def test_another_file_has_other_keys(self, tmp_path: Path) -> None:
        assert read(tmp_path, "1,A,x,1,1,,UK").invoices[0].key != read(tmp_path, "1,A,x,2,1,,UK").invoices[0].key

    def test_what_belongs_to_an_order_has_a_key_of_its_own_however_long(self) -> None:
        assert derive_key("replay-x-1", "C1", "é/") == "replay-x-1/C1/%C3%A9%2F"
        long, other = derive_key("replay-x-1", "a" * 128), derive_key("replay-x-1", "a" * 127 + "b")
        assert (len(long), long == other) == (len("replay-") + 64, False)

    def test_a_number_beyond_ascii_still_makes_a_sendable_key(self, tmp_path: Path) -> None:
        (invoice,) = read(tmp_path, "é 1,A,x,1,1,a@b c,UK").invoices

        assert invoice.key.endswith("-%C3%A9%201")
        assert invoice.email == "a_b_c@customers.invalid"


@pytest.mark.skipif(real_file() is None, reason="the retailer's invoices are not on this machine")
class TestRealInvoices:
    def test_add_up_as_their_readme_counts_them(self) -> None:
        path = real_file()
        assert path is not None

        plan = read_invoices(path)

        assert str(plan.tally) == "927 orders, 206,704 units, £505,932.10"
        assert sum(len(invoice.lines) for invoice in plan.invoices) == 25_290
        assert max(len(invoice.lines) for invoice in plan.invoices) == 675
        assert Counter(item.why for item in plan.left_out) == {Why.PRICE: 118}
        cancelled = [item.invoice for item in plan.returns if item.invoice.startswith("C")]
        assert (len(plan.returns), len(cancelled), len(set(cancelled))) == (408 + 67, 408, 148)
        assert len(plan.goods) == 2_511
        assert len({goods.sku.upper() for goods in plan.goods}) == 2_465
        assert sum(goods.on_hand or 0 for goods in plan.goods) == 206_704
        assert len({invoice.key for invoice in plan.invoices}) == 927
        assert max(len(invoice.key) for invoice in plan.invoices) <= 128


@pytest.mark.django_db
class TestPreparing:
    def test_puts_the_goods_on_sale_and_again_changes_nothing(self, tmp_path: Path) -> None:
        plan = read(tmp_path, "1,85123A,HOLDER,6,2.55,,UK", "1,85123a,HOLDER,1,2.95,,UK")

        first = prepare_shop(plan, owner="replay", now=NOON)
        second = prepare_shop(plan, owner="replay", now=NOON)

        assert (first.products, first.stock_moved) == (catalog.Saved(created=2), 2)
        assert (second.products, second.stock_moved) == (catalog.Saved(unchanged=2), 0)
        assert (balance("85123A"), balance("85123a")) == ((6, 0), (1, 0))
        assert StockMovement.objects.count() == 2
        assert set(Price.objects.values_list("variant__sku", "amount")) == {("85123A", 255), ("85123a", 295)}

    def test_takes_no_stock_away(self, tmp_path: Path) -> None:
        make_product("MUCH", pieces=100)
        make_product("EVER", pieces=None)
        make_product("LITTLE", pieces=2)

        prepare_shop(
            read(tmp_path, "1,MUCH,x,6,1,,UK", "1,EVER,x,6,1,,UK", "1,LITTLE,x,6,1,,UK"), owner="replay", now=NOON
        )

        assert (balance("MUCH"), balance("EVER"), balance("LITTLE")) == ((100, 0), (0, 0), (6, 0))
        assert stock.find_differences() == []

    def test_counts_what_the_database_has_under_its_keys(self, tmp_path: Path) -> None:
        plan = read(tmp_path, "1,A,x,6,2.55,,UK", "1,A,x,1,2,,UK", "2,A,x,3,1,,UK")
        prepare_shop(plan, owner="replay", now=NOON)
        ordered = plan.invoices[0]
        asked = PlaceOrder(
            key_digest=digest_key(caller="replay", key=ordered.key.encode()),
            body_digest=crypto.fingerprint(b"x"),
            lines=[AskedLine(sku=i.sku, quantity=i.quantity, unit_price=i.unit_price) for i in ordered.lines],
            currency="GBP",
            email=ordered.email,
        )

        (outcome,) = place_orders([asked], now=NOON)

        assert isinstance(outcome, Placed)
        assert (
            read_books(plan.invoices, owner="replay").placed
            == tally_of([ordered])
            == Tally(orders=1, units=7, amount=1730)
        )
        assert read_books(plan.invoices, owner="somebody").placed == Tally()


def answer_of(total: object) -> dict[str, object]:
    """What a shop says of an order that it took."""
    return {"number": "ORDER", "access_token": "open", "total": {"amount": total, "currency": "GBP"}}


def placed(invoice: Invoice, *, is_repeat: bool = False) -> Answered:
    return Answered(invoice=invoice, number="ORDER", is_repeat=is_repeat)


Handler = Callable[[httpx.Request], httpx.Response]


class FakeShop:
    """A shop behind HTTP as the client sees it: it keeps keys, and fails as it is told to."""

    def __init__(self, *failures: Handler) -> None:
        self.failures = list(failures)
        self.seen: list[tuple[str, dict[str, object]]] = []
        self.kept: dict[str, bytes] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        key = request.headers["idempotency-key"]
        self.seen.append((key, json.loads(request.content)))
        if self.failures:
            return self.failures.pop(0)(request)
        is_repeat = self.kept.setdefault(key, request.content) and len([k for k, _ in self.seen if k == key]) > 1
        total = json.loads(request.content)["expected_total"]
        headers = {"idempotency-replayed": "true"} if is_repeat else {}
        return httpx.Response(201, json=answer_of(total), headers=headers)


def answer(status: int, code: str, **headers: str) -> Handler:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, json={"code": code, "detail": f"{code}."}, headers=named)


def lose(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("gone")


def run(shop: Handler, *invoices: Invoice, concurrency: int = 1, pays: bool = False) -> list[Answered]:
    answers: list[Answered] = []
    asyncio.run(
        replay_sales(
            invoices,
            shop=Shop(
                url="http://shop.invalid", token="evt_x", concurrency=concurrency, transport=httpx.MockTransport(shop)
            ),
            pays=pays,
            on_answer=answers.append,
        )
    )
    return answers


def invoice(number: str = "1", *, quantity: int = 6) -> Invoice:
    line = SaleLine(line=2, sku="85123A", title="HOLDER", quantity=quantity, unit_price=255)
    return Invoice(
        number=number, key=f"replay-x-{number}", customer="", email="nobody@customers.invalid", lines=(line,)
    )


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_http, "_WAIT_MAX_S", 0.0)


class TestPlacing:
    def test_sends_the_invoice_at_its_own_prices(self) -> None:
        shop = FakeShop()

        assert run(shop, invoice()) == [placed(invoice())]

        assert shop.seen == [
            (
                "replay-x-1",
                {
                    "lines": [{"sku": "85123A", "quantity": 6, "unit_price": 255}],
                    "currency": "GBP",
                    "contact": {"email": "nobody@customers.invalid"},
                    "expected_total": 1530,
                },
            )
        ]

    def test_each_invoice_is_sent_once_however_many_go_at_a_time(self) -> None:
        shop, invoices = FakeShop(), [invoice(str(n)) for n in range(50)]

        answers = run(shop, *invoices, concurrency=8)

        assert sorted(key for key, _ in shop.seen) == sorted(item.key for item in invoices)
        assert {item.invoice.number for item in answers if item.is_placed and not item.is_repeat} == {
            item.number for item in invoices
        }

    def test_tries_again_with_the_same_key_and_the_same_bytes(self) -> None:
        shop = FakeShop(
            answer(503, "OVERLOADED", retry_after="1"),
            answer(409, "IDEMPOTENCY_KEY_IN_FLIGHT", retry_after="1"),
            lose,
            answer(502, ""),
        )

        assert run(shop, invoice()) == [placed(invoice(), is_repeat=True)]

        assert len(shop.seen) == 5
        assert all(sent == shop.seen[0] for sent in shop.seen)

    def test_a_refusal_is_an_answer_and_the_next_invoice_goes_on(self) -> None:
        shop = FakeShop(answer(409, "SOLD_OUT"))

        assert run(shop, invoice("1"), invoice("2")) == [
            Answered(invoice=invoice("1"), code="SOLD_OUT", detail="SOLD_OUT."),
            placed(invoice("2")),
        ]

    def test_gives_up_after_a_bounded_number_of_tries(self) -> None:
        shop = FakeShop(*[lose] * 100)

        with pytest.raises(ReplayStopped) as stopped:
            run(shop, invoice("1"), invoice("2"))

        assert len(shop.seen) == replay_http.TRIES_MAX
        assert stopped.value.detail == ("The shop did not take invoice 1 in 10 tries; the last: ReadError gone.")
        assert stopped.value.kept == (
            "Every order that was placed stands, and none stands twice; so does every payment and every refund."
        )

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_token_stops_at_once(self, status: int) -> None:
        shop = FakeShop(answer(status, "UNAUTHENTICATED"))

        with pytest.raises(TokenRefused):
            run(shop, invoice("1"), invoice("2"))

        assert len(shop.seen) == 1

    def test_an_order_at_another_total_stops_at_once(self) -> None:
        shop = FakeShop(lambda _: httpx.Response(201, json=answer_of(1)))

        with pytest.raises(ReplayStopped):
            run(shop, invoice())


class TestPaying:
    """What stops it before it begins; the way through a real shop and a real Sandbox is in tests/lane."""

    @staticmethod
    def paying(shop: FakeShop, handler: Handler) -> Handler:
        return lambda request: handler(request) if request.url.path.endswith("/payments") else shop(request)

    def test_stops_where_the_shop_has_no_sandbox(self) -> None:
        shop = FakeShop()

        with pytest.raises(SandboxMissing, match="takes no payments through Sandbox") as stopped:
            run(self.paying(shop, answer(422, "UNKNOWN_METHOD")), invoice("1"), invoice("2"), pays=True)

        assert "Start the shop with --sandbox" in stopped.value.remedy
        assert [key for key, _ in shop.seen] == ["replay-x-1"]

    def test_stops_when_sandbox_does_not_answer_the_shop(self) -> None:
        unavailable = answer(503, "PROVIDER_UNAVAILABLE", retry_after="1")

        with pytest.raises(SandboxMissing, match="503 PROVIDER_UNAVAILABLE"):
            run(self.paying(FakeShop(), unavailable), invoice(), pays=True)

    @pytest.mark.parametrize(
        "address",
        ["https://pay.example/pay_1", "http://127.0.0.1.pay.example/", "http://10.0.0.1/", "file:///etc/passwd", ""],
    )
    def test_goes_to_no_page_that_is_not_on_this_machine(self, address: str) -> None:
        payment = {"number": "P", "state": "PENDING", "next": {"kind": "redirect", "value": address}}

        with pytest.raises(PageElsewhere):
            run(self.paying(FakeShop(), lambda _: httpx.Response(201, json=payment)), invoice(), pays=True)

    def test_pays_as_the_customer_whom_the_orders_own_token_makes(self) -> None:
        asked = []

        def captured(request: httpx.Request) -> httpx.Response:
            asked.append((request.url.path, request.headers["authorization"], request.headers["idempotency-key"]))
            return httpx.Response(
                201, json={"state": "CAPTURED", "ending": "MATCHED", "captured": {"amount": 1530, "currency": "GBP"}}
            )

        answers = run(self.paying(FakeShop(), captured), invoice(), pays=True)

        assert answers == [Answered(invoice=invoice(), number="ORDER", captured=1530)]
        assert asked == [("/api/v1/orders/ORDER/payments", "Bearer open", "replay-x-1/payment-1")]

    def test_an_order_that_cannot_be_paid_is_an_answer(self) -> None:
        shop = FakeShop()

        answers = run(self.paying(shop, answer(409, "ORDER_NOT_PAYABLE")), invoice("1"), invoice("2"), pays=True)

        assert [(item.number, item.is_paid, item.code) for item in answers] == [
            ("ORDER", False, "ORDER_NOT_PAYABLE")
        ] * 2

    def test_money_that_comes_to_nothing_is_tried_three_times_under_new_keys(self) -> None:
        keys = []

        def declined(request: httpx.Request) -> httpx.Response:
            keys.append(request.headers["idempotency-key"])
            return httpx.Response(201, json={"state": "FAILED", "ending": None, "reason": "card_declined"})

        answers = run(self.paying(FakeShop(), declined), invoice(), pays=True)

        assert keys == [f"replay-x-1/payment-{n}" for n in (1, 2, 3)]
        assert [(item.code, item.detail) for item in answers] == [("NOT_PAID", "The payment is FAILED: card_declined.")]
