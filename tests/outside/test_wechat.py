"""WeChat Pay through its signing twin, a process of its own: every way, every ending, and what must not be believed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
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
    WebhookRefused,
    WebhookStale,
)
from evertill.kernel import clock, config
from evertill.kernel.money import AMOUNT_MAX, Money, as_decimal
from evertill.outside.wechat_bill import _fee
from evertill.outside.wechat_provider import WechatProvider
from tests.outside.intents import RETURN, make_intent, make_refund, plain
from tests.twins import serving
from tests.twins import wechat as described
from tests.twins.serving import Twin

# Long enough ago that its bill is there.
DAY = (clock.now() - dt.timedelta(days=3)).date()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("wechat")
    serving.make_key(made / "merchant")
    serving.make_key(made / "wechat")
    (made / "apiv3-key.txt").write_text(f"{described.API_KEY}\n", encoding="ascii")
    return made


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Twin]:
    with serving.running("tests.twins.wechat", folder) as twin:
        yield twin


@pytest.fixture
def twin(running: Twin) -> Twin:
    running.faults()
    running.calls()
    running.post("serial", serial=described.PUBLIC_KEY_ID)
    return running


@pytest.fixture(scope="module")
def provider(running: Twin, folder: Path) -> Iterator[WechatProvider]:
    with closing(connected(running, folder)) as made:
        yield made


@pytest.fixture
def wechat(provider: WechatProvider, twin: Twin) -> WechatProvider:
    """The one provider, after the twin has forgotten its faults."""
    return provider


@pytest.fixture(scope="module")
def hasty(running: Twin, folder: Path) -> Iterator[WechatProvider]:
    """One that waits for no answer that is slow."""
    with closing(connected(running, folder, provider_timeout_ms=800)) as made:
        yield made


def settings(folder: Path, url: str, **changes: Any) -> config.Config:
    usual: dict[str, Any] = {
        "data": folder,
        "public_url": "https://shop.example/",
        "wechat_merchant_id": described.MERCHANT,
        "wechat_app_id": described.APP,
        "wechat_merchant_serial": described.SERIAL,
        "wechat_private_key": Path("merchant-private.pem"),
        "wechat_api_key": Path("apiv3-key.txt"),
        "wechat_platform_keys": ("wechat-public.pem",),
        "wechat_public_key_id": described.PUBLIC_KEY_ID,
        "wechat_url": url,
        # The machine may be busy: only who is to lose patience has little.
        "provider_timeout_ms": 60_000,
        "provider_failures_max": 100,
    }
    return dataclasses.replace(config.get(), **usual | changes)


def connected(twin: Twin, folder: Path, **changes: Any) -> WechatProvider:
    return WechatProvider(settings=settings(folder, twin.url, **changes))


def start(wechat: WechatProvider, intent: Intent, *, client_ip: str = "203.0.113.7") -> Any:
    return wechat.start(intent=intent, return_url=RETURN, client_ip=client_ip)


def started(wechat: WechatProvider, **facts: Any) -> Intent:
    intent = make_intent(state=State.PENDING, **facts)
    start(wechat, intent)
    return intent


def paid(wechat: WechatProvider, twin: Twin, *, amount: int = 250) -> Intent:
    intent = started(wechat, amount=amount, captured=amount)
    twin.pay(intent.number)
    return intent


def fetched(wechat: WechatProvider, intent: Intent) -> Any:
    truth = wechat.fetch(intent=intent)
    assert truth is not None
    return truth


class TestQr:
    def test_is_a_code_and_then_an_order(self, wechat: WechatProvider, twin: Twin) -> None:
        intent = make_intent(state=State.PENDING)
        assert wechat.fetch(intent=intent) is None

        truth = start(wechat, intent)
        waiting = fetched(wechat, intent)
        twin.pay(intent.number)
        captured = fetched(wechat, intent)

        assert (truth.state, truth.next.kind) == (State.PENDING, "qr")
        assert truth.next.value.startswith("weixin://wxpay/bizpayurl?pr=")
        assert (waiting.state, waiting.captured) == (State.PENDING, None)
        assert (captured.state, captured.captured) == (State.CAPTURED, Money(amount=250, currency="CNY"))
        assert captured.provider_id == twin.trade(intent.number)["transaction_id"]  # type: ignore[index]

    def test_begins_once(self, wechat: WechatProvider, twin: Twin) -> None:
        intent = make_intent()

        assert start(wechat, intent) == start(wechat, intent)

    @pytest.mark.parametrize("fault", ["silent_after", "bad_signature", "slow"])
    def test_whose_answer_was_lost_begins_again(
        self, wechat: WechatProvider, hasty: WechatProvider, twin: Twin, fault: str
    ) -> None:
        intent = make_intent()
        twin.faults(fault)
        with pytest.raises(ProviderUnavailable):
            start(hasty if fault == "slow" else wechat, intent)
        twin.faults()

        # It waits there, but nobody knows how to pay it; so it is to begin again, and does.
        assert twin.trade(intent.number)["trade_state"] == "NOTPAY"  # type: ignore[index]
        assert wechat.fetch(intent=intent) is None
        assert start(wechat, intent).next.kind == "qr"

    def test_that_was_paid_meanwhile_is_found_paid(self, wechat: WechatProvider, twin: Twin) -> None:
        assert start(wechat, paid(wechat, twin)).state is State.CAPTURED

    def test_takes_only_what_wechat_takes(self, wechat: WechatProvider, twin: Twin) -> None:
        with pytest.raises(ProviderRefused, match="CNY only"):
            start(wechat, make_intent(currency="GBP"))
        assert twin.calls() == []

    def test_is_told_with_the_money_that_moved(self, wechat: WechatProvider, twin: Twin) -> None:
        intent = started(wechat)
        twin.pay(intent.number, amount=260, currency="HKD")

        assert wechat.capture(intent=intent).captured == Money(amount=260, currency="HKD")


class TestPage:
    def test_is_an_address_that_leads_back(self, wechat: WechatProvider, twin: Twin) -> None:
        truth = start(wechat, make_intent(way="page"))

        assert truth.next.kind == "redirect"
        assert parse_qs(urlsplit(truth.next.value).query)["redirect_url"] == [RETURN]

    def test_needs_the_customers_address(self, wechat: WechatProvider, twin: Twin) -> None:
        with pytest.raises(ProviderRefused, match="PARAM_ERROR"):
            start(wechat, make_intent(way="page"), client_ip="")


class TestCancel:
    def test_closes_what_waits(self, wechat: WechatProvider, twin: Twin) -> None:
        intent = started(wechat)

        assert wechat.cancel(intent=intent).state is State.CANCELLED
        assert fetched(wechat, intent).state is State.CANCELLED

    def test_tells_what_came_first(self, wechat: WechatProvider, twin: Twin) -> None:
        assert wechat.cancel(intent=paid(wechat, twin)).state is State.CAPTURED

    def test_of_what_never_began_is_done(self, wechat: WechatProvider, twin: Twin) -> None:
        assert wechat.cancel(intent=make_intent()).state is State.CANCELLED


class TestRefund:
    def test_in_parts_leaves_money_captured(self, wechat: WechatProvider, twin: Twin) -> None:
        intent = paid(wechat, twin)
        parts = [make_refund(intent, 100), make_refund(intent, 150)]

        ids = [wechat.refund(intent=intent, refund=part) for part in parts]

        made = twin.post("refunds", number=plain(intent.number))
        assert [(r["out_refund_no"], r["amount"]["refund"]) for r in made] == [
            (plain(parts[0].number), 100),
            (plain(parts[1].number), 150),
        ]
        assert ids == [r["refund_id"] for r in made]
        assert fetched(wechat, intent).captured == Money(amount=250, currency="CNY")

    @pytest.mark.parametrize("fault", ["silent_after", "bad_signature", "slow", "PROCESSING"])
    def test_that_is_not_known_to_be_through_is_made_once(
        self, wechat: WechatProvider, hasty: WechatProvider, twin: Twin, fault: str
    ) -> None:
        intent = paid(wechat, twin)
        part = make_refund(intent, 100)
        twin.faults(fault)
        with pytest.raises(ProviderUnavailable):
            (hasty if fault == "slow" else wechat).refund(intent=intent, refund=part)
        twin.faults()

        assert len({wechat.refund(intent=intent, refund=part) for _ in range(2)}) == 1

        assert len(twin.post("refunds", number=plain(intent.number))) == 1

    def test_whose_answer_was_changed_is_not_believed(self, wechat: WechatProvider, twin: Twin) -> None:
        intent = paid(wechat, twin)
        twin.faults("PROCESSING", "changed")

        with pytest.raises(ProviderUnavailable, match="not signed"):
            wechat.refund(intent=intent, refund=make_refund(intent, 100))

    @pytest.mark.parametrize(
        ("fault", "amount", "why"),
        [
            ("", 251, "INVALID_REQUEST"),
            ("poor", 100, "NOT_ENOUGH"),
            ("ABNORMAL", 100, "ABNORMAL"),
            ("CLOSED", 9, "CLOSED"),
        ],
    )
    def test_that_cannot_be_is_refused(
        self, wechat: WechatProvider, twin: Twin, fault: str, amount: int, why: str
    ) -> None:
        intent = paid(wechat, twin)
        twin.faults(fault)

        with pytest.raises(ProviderRefused, match=why):
            wechat.refund(intent=intent, refund=make_refund(intent, amount))


class TestAnswers:
    @pytest.mark.parametrize(
        "fault", ["bad_signature", "unsigned", "changed", "stale", "other_serial", "broken", "slow"]
    )
    def test_that_are_not_wechats_are_never_believed(
        self, wechat: WechatProvider, hasty: WechatProvider, twin: Twin, fault: str
    ) -> None:
        intent = started(wechat)
        twin.faults(fault)

        with pytest.raises(ProviderUnavailable):
            (hasty if fault == "slow" else wechat).fetch(intent=intent)

    def test_that_drip_are_not_waited_for(self, wechat: WechatProvider, hasty: WechatProvider, twin: Twin) -> None:
        # Some two hundred bytes, each soon enough after the one before.
        intent = started(wechat)
        twin.faults("drip")

        with pytest.raises(ProviderUnavailable):
            hasty.fetch(intent=intent)

    def test_that_say_no_without_a_signature_settle_nothing(self, wechat: WechatProvider, twin: Twin) -> None:
        twin.faults("unsigned")

        with pytest.raises(ProviderUnavailable):
            wechat.fetch(intent=make_intent())

    def test_to_a_wrong_key_settle_nothing(self, twin: Twin, folder: Path) -> None:
        stranger = Path("wechat-private.pem")

        with (
            closing(connected(twin, folder, wechat_private_key=stranger)) as provider,
            pytest.raises(ProviderUnavailable, match="401"),
        ):
            provider.fetch(intent=make_intent())

    def test_are_verified_by_certificates_too(self, twin: Twin, folder: Path) -> None:
        serial = make_certificate(folder)
        twin.post("serial", serial=serial)

        with closing(
            connected(twin, folder, wechat_platform_keys=("certificate.pem",), wechat_public_key_id="")
        ) as provider:
            assert provider.fetch(intent=make_intent()) is None


def make_certificate(folder: Path) -> str:
    """A platform certificate of the twin's own key; returns its serial number as WeChat Pay writes it."""
    key = serving.private_key(folder / "wechat-private.pem")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "twin")])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(0x5157F09EFDC096DE15EBE81A47057A7232F1B8E2)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return f"{certificate.serial_number:040X}"


class TestNotification:
    def read(self, wechat: WechatProvider, told: dict[str, Any]) -> Any:
        headers = {name.lower().encode(): value.encode() for name, value in told["headers"].items()}
        return wechat.read_webhook(headers=headers, body=told["body"].encode(), now=clock.now())

    def test_tells_which_payment_it_is_about(self, wechat: WechatProvider, twin: Twin) -> None:
        intent = paid(wechat, twin)

        notice = self.read(wechat, twin.post("notify", number=plain(intent.number), event="EV-7"))

        assert (notice.event_id, notice.reference) == ("EV-7", plain(intent.number))

    @pytest.mark.parametrize(
        ("facts", "refusal"),
        [
            ({"ago_s": 302}, WebhookStale),
            ({"merchant": "1900000099"}, WebhookForeign),
            ({"is_tampered": True}, WebhookRefused),
            ({"api_key": "x" * 32}, WebhookRefused),
            ({"algorithm": "AEAD_SM4_GCM"}, WebhookRefused),
        ],
    )
    def test_that_is_not_for_us_now_is_refused(
        self, wechat: WechatProvider, twin: Twin, facts: dict[str, Any], refusal: type[Exception]
    ) -> None:
        told = twin.post("notify", number=plain(paid(wechat, twin).number), **facts)

        with pytest.raises(refusal):
            self.read(wechat, told)

    def test_with_a_change_is_forged(self, wechat: WechatProvider, twin: Twin) -> None:
        told = twin.post("notify", number=plain(paid(wechat, twin).number))

        with pytest.raises(WebhookForged):
            self.read(wechat, {**told, "body": told["body"].replace("EV-1", "EV-2")})


def row(number: str, *, amount: str = "2.50", fee: str = "0.01500", **cells: str) -> str:
    facts = dict.fromkeys(described.HEADER.split(","), "") | {
        "交易时间": f"{DAY} 23:59:59",
        "微信订单号": "4200000925202101284997714292",
        "商户订单号": plain(number),
        "交易状态": "SUCCESS",
        "货币种类": "CNY",
        "应结订单金额": amount,
        "商品名称": "茶, 绿茶",
        "手续费": fee,
        "费率": "0.60%",
        "订单金额": amount,
        "申请退款金额": "0.00",
        **cells,
    }
    return ",".join(f"`{value}" for value in facts.values())


def refund_row(number: str, part: str, amount: str, *, state: str = "SUCCESS") -> str:
    back = {"交易状态": "REFUND", "微信退款单号": part, "退款状态": state, "申请退款金额": amount}
    return row(number, amount="0.00", fee="-0.00600", **back)


def bill(*rows: str, is_ended: bool = True) -> str:
    ending = [described.TOTALS, f"`{len(rows)},`2.50,`1.00,`0.00,`0.01,`2.50,`1.00"] if is_ended else []
    return "\ufeff" + "".join(f"{line}\r\n" for line in [described.HEADER, *rows, *ending])


class TestBill:
    def test_is_read_line_by_line(self, wechat: WechatProvider, twin: Twin) -> None:
        intent = make_intent()
        content = bill(
            row(intent.number),
            refund_row(intent.number, "50300001", "1.00"),
            refund_row(intent.number, "50300002", "1.00", state="FAIL"),
            row("other-shop_1", amount="123456.78", fee="0.00000"),
        )
        twin.post("bill", date=DAY.isoformat(), content=content)

        lines = list(wechat.list(date=DAY))

        at = dt.datetime.combine(DAY, dt.time(15, 59, 59), tzinfo=dt.UTC)
        trade = "4200000925202101284997714292"

        def line(kind: BillKind, reference: str, amount: int, part_id: str = "") -> BillLine:
            money = Money(amount=amount, currency="CNY")
            return BillLine(kind=kind, reference=reference, provider_id=trade, part_id=part_id, amount=money, at=at)

        assert lines == [
            line(BillKind.CAPTURE, intent.number, 250),
            line(BillKind.FEE, intent.number, -2),
            line(BillKind.REFUND, intent.number, -100, "50300001"),
            line(BillKind.FEE, intent.number, 1, "50300001"),
            line(BillKind.CAPTURE, "othershop_1", 12_345_678),
        ]

    def test_of_a_day_without_trades_is_empty(self, wechat: WechatProvider, twin: Twin) -> None:
        assert list(wechat.list(date=DAY - dt.timedelta(days=9))) == []

    def test_is_not_asked_for_before_it_is_there(self, twin: Twin, folder: Path) -> None:
        morning = dt.datetime.combine(DAY + dt.timedelta(days=1), dt.time(1, 59, 59), tzinfo=dt.UTC)
        with (
            closing(WechatProvider(settings=settings(folder, twin.url), now=lambda: morning)) as early,
            pytest.raises(ProviderUnavailable, match="ten o'clock"),
        ):
            list(early.list(date=DAY))
        assert twin.calls() == []

    @pytest.mark.parametrize(
        ("fault", "why"), [("bill_changed", "not the one that it announced"), ("bill_elsewhere", "not its own")]
    )
    def test_that_is_not_the_one_announced_is_no_bill(
        self, wechat: WechatProvider, twin: Twin, fault: str, why: str
    ) -> None:
        twin.post("bill", date=DAY.isoformat(), content=bill(row("1")))
        twin.faults(fault)

        with pytest.raises(ProviderUnavailable, match=why):
            next(wechat.list(date=DAY))

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (bill(row("1"), is_ended=False), "before its end"),
            (bill(row("1"), row("2", 交易状态="UNHEARD")), "another form"),
            (bill(row("1"), row("2", amount="2.505")), "another form"),
            (bill(row("1"), row("2") + ",`more"), "another form"),
        ],
    )
    def test_with_what_nobody_knows_is_no_bill(
        self, wechat: WechatProvider, twin: Twin, content: str, why: str
    ) -> None:
        twin.post("bill", date=DAY.isoformat(), content=content)

        with pytest.raises(ProviderUnavailable, match=why):
            next(wechat.list(date=DAY))


class TestAmounts:
    @given(st.integers(min_value=-AMOUNT_MAX, max_value=AMOUNT_MAX))
    def test_of_fees_are_read_exactly(self, amount: int) -> None:
        text = f"{as_decimal(Money(amount=amount, currency='CNY')):f}000"

        assert _fee(text, currency="CNY") == amount
