"""Alipay through its signing twin, a process of its own: every way, every ending, and what must not be believed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.payments import (
    BillKind,
    BillLine,
    Intent,
    ProviderRefused,
    ProviderUnavailable,
    State,
    WebhookForeign,
    WebhookForged,
    WebhookStale,
)
from evertill.kernel import clock, config
from evertill.kernel.money import AMOUNT_MAX, Money, parse
from evertill.outside.alipay_provider import AlipayProvider, _amount
from tests.outside.intents import RETURN, make_intent, make_refund, plain
from tests.twins import alipay as described
from tests.twins import serving
from tests.twins.serving import Twin

# Long enough ago that its bill is there.
DAY = (clock.now() - dt.timedelta(days=3)).date()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("alipay")
    serving.make_key(made / "app")
    serving.make_key(made / "alipay")
    return made


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Twin]:
    with serving.running("tests.twins.alipay", folder) as twin:
        yield twin


@pytest.fixture
def twin(running: Twin) -> Twin:
    running.faults()
    running.calls()
    return running


@pytest.fixture(scope="module")
def provider(running: Twin, folder: Path) -> Iterator[AlipayProvider]:
    with closing(connected(running, folder)) as made:
        yield made


@pytest.fixture
def alipay(provider: AlipayProvider, twin: Twin) -> AlipayProvider:
    """The one provider, after the twin has forgotten its faults."""
    return provider


@pytest.fixture(scope="module")
def hasty(running: Twin, folder: Path) -> Iterator[AlipayProvider]:
    """One that waits for no answer that is slow."""
    with closing(connected(running, folder, provider_timeout_ms=800)) as made:
        yield made


def settings(folder: Path, url: str, **changes: Any) -> config.Config:
    usual: dict[str, Any] = {
        "data": folder,
        "public_url": "https://shop.example/",
        "alipay_app_id": described.APP,
        "alipay_seller_id": described.SELLER,
        "alipay_private_key": Path("app-private.pem"),
        "alipay_public_key": Path("alipay-public.pem"),
        "alipay_url": f"{url}/gateway.do",
        # The machine may be busy: only who is to lose patience has little.
        "provider_timeout_ms": 60_000,
        "provider_failures_max": 100,
    }
    return dataclasses.replace(config.get(), **usual | changes)


def connected(twin: Twin, folder: Path, **changes: Any) -> AlipayProvider:
    return AlipayProvider(settings=settings(folder, twin.url, **changes))


def start(alipay: AlipayProvider, intent: Intent) -> Any:
    return alipay.start(intent=intent, return_url=RETURN, client_ip="")


def opened(alipay: AlipayProvider, twin: Twin, **facts: Any) -> Intent:
    """A payment whose QR code the customer has scanned."""
    intent = make_intent(**facts)
    start(alipay, intent)
    twin.post("scan", number=plain(intent.number))
    return intent


def paid(alipay: AlipayProvider, twin: Twin, *, amount: int = 250) -> Intent:
    intent = opened(alipay, twin, amount=amount, captured=amount)
    twin.pay(intent.number)
    return intent


class TestPage:
    def test_is_a_signed_address_that_asks_nobody(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = make_intent(way="page")

        truth = start(alipay, intent)

        assert twin.calls() == []
        assert (truth.state, truth.provider_id, truth.next.kind) == (State.PENDING, "", "redirect")
        assert len(truth.next.value) < 2000
        sent = parse_qs(urlsplit(truth.next.value).query)
        assert (sent["notify_url"], sent["return_url"]) == (["https://shop.example/api/v1/webhooks/alipay"], [RETURN])

    def test_leads_to_a_trade_when_the_customer_opens_it(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = make_intent(way="page")
        truth = start(alipay, intent)
        assert alipay.fetch(intent=intent) is None

        assert twin.client.get(truth.next.value).text == "请付款"
        waiting = alipay.fetch(intent=intent)
        twin.pay(intent.number)
        captured = alipay.fetch(intent=intent)

        assert waiting is not None
        assert waiting.state is State.PENDING
        assert captured is not None
        assert (captured.state, captured.captured) == (State.CAPTURED, Money(amount=250, currency="CNY"))
        assert captured.provider_id == twin.trade(intent.number)["trade_no"]  # type: ignore[index]

    def test_takes_only_what_alipay_takes(self, alipay: AlipayProvider, twin: Twin) -> None:
        with pytest.raises(ProviderRefused, match="CNY only"):
            start(alipay, make_intent(way="page", currency="GBP"))


class TestQr:
    def test_is_a_code_and_then_a_trade(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = make_intent()

        truth = start(alipay, intent)

        assert (truth.state, truth.next.kind) == (State.PENDING, "qr")
        assert truth.next.value == f"https://qr.alipay.com/{plain(intent.number)}"
        assert alipay.fetch(intent=intent) is None
        twin.post("scan", number=plain(intent.number))
        assert alipay.fetch(intent=intent).state is State.PENDING  # type: ignore[union-attr]

    def test_begins_once(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = make_intent()

        assert start(alipay, intent) == start(alipay, intent)

    def test_that_was_paid_meanwhile_is_found_paid(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = paid(alipay, twin)

        assert start(alipay, intent).state is State.CAPTURED

    def test_is_told_with_the_amount_that_moved(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = opened(alipay, twin)
        twin.pay(intent.number, amount="2.60")

        assert alipay.capture(intent=intent).captured == Money(amount=260, currency="CNY")


class TestCancel:
    def test_closes_what_waits(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = opened(alipay, twin)

        assert alipay.cancel(intent=intent).state is State.CANCELLED
        assert twin.trade(intent.number)["trade_status"] == "TRADE_CLOSED"  # type: ignore[index]
        assert alipay.fetch(intent=intent).state is State.CANCELLED  # type: ignore[union-attr]

    def test_tells_what_came_first(self, alipay: AlipayProvider, twin: Twin) -> None:
        assert alipay.cancel(intent=paid(alipay, twin)).state is State.CAPTURED

    def test_of_what_nobody_opened_is_done(self, alipay: AlipayProvider, twin: Twin) -> None:
        assert alipay.cancel(intent=make_intent()).state is State.CANCELLED


class TestRefund:
    def test_in_parts_ends_with_money_that_was_still_captured(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = paid(alipay, twin)
        parts = [make_refund(intent, 100), make_refund(intent, 150)]

        ids = [alipay.refund(intent=intent, refund=part) for part in parts]

        assert ids == [part.number for part in parts]
        trade = twin.trade(intent.number)
        assert trade is not None
        assert trade["refunds"] == {plain(parts[0].number): "1.00", plain(parts[1].number): "1.50"}
        assert trade["trade_status"] == "TRADE_CLOSED"
        assert alipay.fetch(intent=intent).state is State.CAPTURED  # type: ignore[union-attr]

    def test_sent_twice_moves_money_once(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = paid(alipay, twin)
        part = make_refund(intent, 100)

        assert {alipay.refund(intent=intent, refund=part) for _ in range(2)} == {part.number}

        assert twin.trade(intent.number)["refunds"] == {plain(part.number): "1.00"}  # type: ignore[index]
        assert twin.calls()[-2:] == ["alipay.trade.refund", "alipay.trade.fastpay.refund.query"]

    @pytest.mark.parametrize("fault", ["silent_after", "unknown_after", "bad_signature", "unsigned", "slow"])
    def test_whose_answer_is_lost_is_made_once(
        self, alipay: AlipayProvider, hasty: AlipayProvider, twin: Twin, fault: str
    ) -> None:
        intent = paid(alipay, twin)
        part = make_refund(intent, 100)
        twin.faults(fault)
        with pytest.raises(ProviderUnavailable):
            (hasty if fault == "slow" else alipay).refund(intent=intent, refund=part)
        twin.faults()

        assert alipay.refund(intent=intent, refund=part) == part.number

        assert twin.trade(intent.number)["refunds"] == {plain(part.number): "1.00"}  # type: ignore[index]

    def test_that_is_not_through_is_not_believed_done(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = paid(alipay, twin)
        part = make_refund(intent, 100)
        twin.faults("refund_pending")

        with pytest.raises(ProviderUnavailable, match="not given the money back yet"):
            alipay.refund(intent=intent, refund=part)

        # An answer that somebody changed on the way is believed even less.
        twin.faults("refund_pending", "changed")
        with pytest.raises(ProviderUnavailable, match="not signed"):
            alipay.refund(intent=intent, refund=part)

    def test_of_more_than_there_is_is_refused(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = paid(alipay, twin)

        with pytest.raises(ProviderRefused, match=r"ACQ\.REFUND_AMT_NOT_EQUAL_TOTAL"):
            alipay.refund(intent=intent, refund=make_refund(intent, 251))

    def test_that_the_shop_cannot_afford_is_refused(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = paid(alipay, twin)
        twin.faults("poor")

        with pytest.raises(ProviderRefused, match=r"ACQ\.SELLER_BALANCE_NOT_ENOUGH"):
            alipay.refund(intent=intent, refund=make_refund(intent, 100))


class TestAnswers:
    @pytest.mark.parametrize("fault", ["bad_signature", "unsigned", "changed", "html", "broken", "slow"])
    def test_that_are_not_alipays_are_never_believed(
        self, alipay: AlipayProvider, hasty: AlipayProvider, twin: Twin, fault: str
    ) -> None:
        intent = opened(alipay, twin)
        twin.faults(fault)

        with pytest.raises(ProviderUnavailable):
            (hasty if fault == "slow" else alipay).fetch(intent=intent)

    def test_with_escaped_slashes_are_alipays(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = opened(alipay, twin)
        twin.faults("escaped")

        assert alipay.fetch(intent=intent).state is State.PENDING  # type: ignore[union-attr]

    def test_to_an_unknown_app_settle_nothing(self, twin: Twin, folder: Path) -> None:
        stranger = dataclasses.replace(settings(folder, twin.url), alipay_app_id="2021000000000099")

        with (
            closing(AlipayProvider(settings=stranger)) as provider,
            pytest.raises(ProviderUnavailable, match=r"isv\.invalid-app-id"),
        ):
            provider.fetch(intent=make_intent())

    def test_that_are_too_large_are_not_read(self, twin: Twin, folder: Path) -> None:
        with closing(connected(twin, folder, provider_answer_bytes_max=100)) as small:
            intent = make_intent()
            with pytest.raises(ProviderUnavailable):
                small.fetch(intent=intent)


class TestNotification:
    def read(self, alipay: AlipayProvider, form: str, *, after_s: int = 0) -> Any:
        """Read it as many seconds after it says that it was sent."""
        (said,) = parse_qs(form)["notify_time"]
        sent_at = dt.datetime.strptime(said, "%Y-%m-%d %H:%M:%S").replace(tzinfo=described.CHINA)
        return alipay.read_webhook(headers={}, body=form.encode(), now=sent_at + dt.timedelta(seconds=after_s))

    def test_is_true_for_five_minutes(self, alipay: AlipayProvider, twin: Twin) -> None:
        form = twin.post("notify", number=plain(paid(alipay, twin).number), event="e5")

        assert [self.read(alipay, form, after_s=seconds).event_id for seconds in (-300, 300)] == ["e5", "e5"]
        for seconds in (-301, 301):
            with pytest.raises(WebhookStale):
                self.read(alipay, form, after_s=seconds)

    def test_tells_which_payment_it_is_about(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = paid(alipay, twin)

        notice = self.read(alipay, twin.post("notify", number=plain(intent.number), event="e1"))

        assert (notice.event_id, notice.reference) == ("e1", plain(intent.number))

    @pytest.mark.parametrize(
        ("facts", "refusal"),
        [
            ({"app_id": "2021000000000099"}, WebhookForeign),
            ({"seller_id": "2088000000000099"}, WebhookForeign),
            ({"sign_type": "RSA"}, WebhookForged),
        ],
    )
    def test_that_is_not_for_us_now_is_refused(
        self, alipay: AlipayProvider, twin: Twin, facts: dict[str, Any], refusal: type[Exception]
    ) -> None:
        form = twin.post("notify", number=plain(paid(alipay, twin).number), **facts)

        with pytest.raises(refusal):
            self.read(alipay, form)

    def test_with_a_change_is_forged(self, alipay: AlipayProvider, twin: Twin) -> None:
        form = twin.post("notify", number=plain(paid(alipay, twin).number))

        with pytest.raises(WebhookForged):
            self.read(alipay, form.replace("total_amount=2.50", "total_amount=9.50"))


def row(kind: str, number: str, amount: str, **cells: str) -> dict[str, str]:
    return {
        "支付宝交易号": "2026112222001400000001",
        "商户订单号": plain(number),
        "业务类型": kind,
        "完成时间": f"{DAY} 23:59:59",
        "订单金额（元）": amount,
        "商家实收（元）": amount,
        **cells,
    }


class TestBill:
    def test_is_read_line_by_line(self, alipay: AlipayProvider, twin: Twin) -> None:
        intent = make_intent()
        part = make_refund(intent, 100)
        rows = [
            row("交易", intent.number, "2.50", **{"服务费（元）": "-0.02"}),
            row("退款", intent.number, "-1.00", **{"服务费（元）": "0.01", "退款批次号/请求号": plain(part.number)}),
            row("交易", "other-shop_1", "123456.78"),
        ]
        twin.post("bill", date=DAY.isoformat(), rows=rows)

        lines = list(alipay.list(date=DAY))

        at = dt.datetime.combine(DAY, dt.time(15, 59, 59), tzinfo=dt.UTC)
        trade = "2026112222001400000001"

        def line(kind: BillKind, reference: str, amount: int, part_id: str = "") -> BillLine:
            money = Money(amount=amount, currency="CNY")
            return BillLine(kind=kind, reference=reference, provider_id=trade, part_id=part_id, amount=money, at=at)

        assert lines == [
            line(BillKind.CAPTURE, intent.number, 250),
            line(BillKind.FEE, intent.number, -2),
            line(BillKind.REFUND, intent.number, -100, part.number),
            line(BillKind.FEE, intent.number, 1, part.number),
            line(BillKind.CAPTURE, "othershop_1", 12_345_678),
        ]

    def test_of_a_day_without_trades_is_empty(self, alipay: AlipayProvider, twin: Twin) -> None:
        assert list(alipay.list(date=DAY - dt.timedelta(days=9))) == []

    def test_is_not_asked_for_before_it_is_there(self, twin: Twin, folder: Path) -> None:
        morning = dt.datetime.combine(DAY + dt.timedelta(days=1), dt.time(1, 59, 59), tzinfo=dt.UTC)
        with (
            closing(AlipayProvider(settings=settings(folder, twin.url), now=lambda: morning)) as early,
            pytest.raises(ProviderUnavailable, match="ten o'clock"),
        ):
            list(early.list(date=DAY))
        assert twin.calls() == []

    def test_that_was_cut_off_is_no_bill(self, alipay: AlipayProvider, twin: Twin) -> None:
        twin.post("bill", date=DAY.isoformat(), rows=[row("交易", "1", "2.50")], whole=False)

        with pytest.raises(ProviderUnavailable, match="before its end"):
            next(alipay.list(date=DAY))

    @pytest.mark.parametrize("cells", [{"业务类型": "转账"}, {"订单金额（元）": "2.505"}, {"完成时间": "gestern"}])
    def test_with_what_nobody_knows_is_no_bill(self, alipay: AlipayProvider, twin: Twin, cells: dict[str, str]) -> None:
        twin.post("bill", date=DAY.isoformat(), rows=[row("交易", "1", "2.50"), row("交易", "1", "2.50") | cells])

        with pytest.raises(ProviderUnavailable, match="another form"):
            next(alipay.list(date=DAY))

    def test_that_does_not_add_up_is_no_bill(self, alipay: AlipayProvider, twin: Twin) -> None:
        rows = [row("交易", "1", "2.50"), row("交易", "2", "3.50")]
        twin.post("bill", date=DAY.isoformat(), rows=rows, missing=1)

        with pytest.raises(ProviderUnavailable, match="add up"):
            next(alipay.list(date=DAY))

    @pytest.mark.parametrize(("bytes_max", "why"), [(20_000, "larger"), (1_024, "does not answer")])
    def test_larger_than_may_be_read_is_not_read(self, twin: Twin, folder: Path, bytes_max: int, why: str) -> None:
        # Packed it is smaller, as a bomb is.
        rows = [row("交易", secrets.token_hex(8), "2.50") for _ in range(200)]
        twin.post("bill", date=DAY.isoformat(), rows=rows)

        with (
            closing(connected(twin, folder, bill_bytes_max=bytes_max)) as small,
            pytest.raises(ProviderUnavailable, match=why),
        ):
            next(small.list(date=DAY))


class TestAmounts:
    @given(st.integers(min_value=1, max_value=AMOUNT_MAX))
    def test_are_written_and_read_exactly(self, amount: int) -> None:
        money = Money(amount=amount, currency="CNY")

        text = _amount(money)

        assert text.partition(".")[2].isdigit()
        assert len(text.partition(".")[2]) == 2
        assert parse(text, currency="CNY") == money
