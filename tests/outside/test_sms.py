"""SMS through the twins of both gateways, each a process of its own that believes nothing that is not signed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from evertill.domains import messages, payments, recovery
from evertill.domains.messages import (
    Channel,
    Letter,
    LetterPostponed,
    LetterRefused,
    SenderUnavailable,
    SendingUnclear,
)
from evertill.kernel import clock, config
from evertill.outside.aliyun_sms import AliyunSms, canonical_query, signed_headers
from evertill.outside.connect import connect
from evertill.outside.sms_sender import Gateway, SmsSender
from evertill.outside.twilio_sms import TwilioSms
from tests.builders import NOON
from tests.outside.ports import deaf_port
from tests.twins import aliyun_sms, twilio
from tests.twins.serving import Twin, running

CHINA, LONDON = "+8613800000000", "+447700900123"
SECRETS = (aliyun_sms.SECRET, twilio.TOKEN, twilio.KEY_SECRET, "123456", CHINA, CHINA[3:], LONDON)


@pytest.fixture(scope="module")
def aliyun_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with running("tests.twins.aliyun_sms", tmp_path_factory.mktemp("aliyun")) as twin:
        yield twin


@pytest.fixture(scope="module")
def twilio_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with running("tests.twins.twilio", tmp_path_factory.mktemp("twilio")) as twin:
        yield twin


@pytest.fixture
def settings(aliyun_twin: Twin, twilio_twin: Twin, tmp_path: Path) -> Iterator[config.Config]:
    """Both gateways, set up as their owner would."""
    keys = {"aliyun.txt": f"{aliyun_sms.KEY_ID}\n{aliyun_sms.SECRET}\n", "twilio.txt": f"{twilio.TOKEN}\n"}
    for name, text in keys.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    yield dataclasses.replace(
        config.get(),
        data=tmp_path,
        # The machine may be busy: only who is to lose patience has little.
        provider_timeout_ms=60_000,
        aliyun_sms_sign_name=aliyun_sms.SIGN_NAME,
        aliyun_sms_code_template=aliyun_sms.CODE_TEMPLATE,
        aliyun_sms_notice_template=aliyun_sms.NOTICE_TEMPLATE,
        aliyun_sms_key_file=Path("aliyun.txt"),
        aliyun_sms_url=aliyun_twin.url,
        twilio_account_sid=twilio.ACCOUNT,
        twilio_from=twilio.NUMBER,
        twilio_key_file=Path("twilio.txt"),
        twilio_url=twilio_twin.url,
    )
    for twin in (aliyun_twin, twilio_twin):
        twin.faults()
        twin.post("sent")


def as_patient_as(settings: config.Config, fault: str) -> config.Config:
    """The settings of who does not wait for answers that are slow, where that is the fault."""
    return dataclasses.replace(settings, provider_timeout_ms=1_000) if fault in ("slow", "drip") else settings


def letter(to: str = CHINA, *, form: str = "code", **values: str) -> Letter:
    return Letter(
        reference="5f" * 16,
        to=to,
        language="zh-hans",
        subject="",
        body="123456，用于登录 shop.example，10 分钟内有效。",
        written_at=NOON,
        form=form,
        values=values or {"code": "123456"},
    )


def post(gateway: Gateway, sms: Letter) -> None:
    sender = SmsSender(gateways=[gateway], settings=config.get())
    with sender.open() as hand_over:
        hand_over(sms)


class TestAliyunsSignature:
    def test_is_that_of_its_published_example(self) -> None:
        # https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
        query = canonical_query(
            {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}
        )
        headers = signed_headers(
            host="ecs.cn-shanghai.aliyuncs.com",
            action="RunInstances",
            version="2014-05-26",
            query=query,
            key_id="YourAccessKeyId",
            secret="YourAccessKeySecret",
            now=dt.datetime(2023, 10, 26, 10, 22, 32, tzinfo=dt.UTC),
            nonce="3156853299f313e23d1673dc12e1703d",
        )

        assert headers["Authorization"] == (
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
            "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
            "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        )

    def test_covers_every_sign_that_a_value_can_have(self) -> None:
        assert canonical_query({"b": "a b*~/+&=%", "a": "茶"}) == "a=%E8%8C%B6&b=a%20b%2A~%2F%2B%26%3D%25"


class TestAliyun:
    @pytest.fixture
    def gateway(self, settings: config.Config) -> Iterator[AliyunSms]:
        gateway = AliyunSms(settings=settings)
        yield gateway
        gateway.close()

    def test_sends_a_code_by_its_template(self, gateway: AliyunSms, aliyun_twin: Twin) -> None:
        post(gateway, letter())
        post(gateway, letter(LONDON))

        sent = aliyun_twin.post("sent")
        assert sent[0] == {
            "to": "13800000000",
            "template": aliyun_sms.CODE_TEMPLATE,
            "values": {"code": "123456"},
            "out": "5f" * 16,
        }
        assert sent[1]["to"] == "447700900123"

    def test_sends_a_notice_with_any_signs_in_it(self, gateway: AliyunSms, aliyun_twin: Twin) -> None:
        post(gateway, letter(form="notice", what='新设备登录 "Firefox" & 100%'))

        (sent,) = aliyun_twin.post("sent")
        assert (sent["template"], sent["values"]) == (
            aliyun_sms.NOTICE_TEMPLATE,
            {"what": '新设备登录 "Firefox" & 100%'},
        )

    def test_sends_nothing_that_has_no_template(self, settings: config.Config, aliyun_twin: Twin) -> None:
        gateway = AliyunSms(settings=dataclasses.replace(settings, aliyun_sms_notice_template=""))

        for form in ("notice", "poem"):
            with pytest.raises(LetterRefused, match="no template"):
                post(gateway, letter(form=form))

        assert aliyun_twin.post("sent") == []
        gateway.close()

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("limited", LetterPostponed),
            ("black", LetterRefused),
            ("poor", SenderUnavailable),
            ("throttled", SenderUnavailable),
            ("system", SendingUnclear),
            ("broken", SendingUnclear),
            ("half", SendingUnclear),
            ("silent_after", SendingUnclear),
            ("slow", SendingUnclear),
            ("drip", SendingUnclear),
        ],
    )
    def test_tells_what_became_of_it(
        self, settings: config.Config, aliyun_twin: Twin, fault: str, error: type[Exception]
    ) -> None:
        aliyun_twin.faults(fault)

        with (
            closing(AliyunSms(settings=as_patient_as(settings, fault))) as gateway,
            pytest.raises(SenderUnavailable if error is SendingUnclear else error) as raised,
        ):
            post(gateway, letter())

        assert type(raised.value) is error
        assert not [secret for secret in SECRETS if secret in str(raised.value)]

    def test_a_number_that_is_none_is_refused(self, gateway: AliyunSms) -> None:
        with pytest.raises(LetterRefused, match="MOBILE_NUMBER_ILLEGAL"):
            post(gateway, letter("+86110"))

    def test_a_number_that_looks_like_one_in_china_gets_nothing(self, gateway: AliyunSms, aliyun_twin: Twin) -> None:
        with pytest.raises(LetterRefused, match="from one in China"):
            post(gateway, letter("+13805550100"))

        assert aliyun_twin.post("sent") == []

    @pytest.mark.parametrize("lines", [(aliyun_sms.KEY_ID, "guessed"), ("LTAIsomebody", aliyun_sms.SECRET)])
    def test_is_not_known_by_a_wrong_key(
        self, settings: config.Config, tmp_path: Path, aliyun_twin: Twin, lines: tuple[str, str]
    ) -> None:
        (tmp_path / "aliyun.txt").write_text("\n".join(lines), encoding="utf-8")
        gateway = AliyunSms(settings=settings)

        with pytest.raises(SenderUnavailable, match=r"SignatureDoesNotMatch|InvalidAccessKeyId") as raised:
            post(gateway, letter())

        assert type(raised.value) is SenderUnavailable
        assert aliyun_twin.post("sent") == []
        gateway.close()

    def test_is_not_heard_by_a_clock_that_is_wrong(self, settings: config.Config) -> None:
        late = dt.timedelta(minutes=16)
        gateway = AliyunSms(settings=settings, clock=lambda: clock.now() - late)

        with pytest.raises(SenderUnavailable, match="Expired"):
            post(gateway, letter())
        gateway.close()

    def test_no_call_can_be_sent_again_by_a_listener(self, settings: config.Config) -> None:
        gateway = AliyunSms(settings=settings, randbytes=bytes)
        post(gateway, letter())

        with pytest.raises(SenderUnavailable, match="SignatureNonceUsed"):
            post(gateway, letter())
        gateway.close()


class TestTwilio:
    @pytest.fixture
    def gateway(self, settings: config.Config) -> Iterator[TwilioSms]:
        gateway = TwilioSms(settings=settings)
        yield gateway
        gateway.close()

    def test_sends_what_is_written(self, gateway: TwilioSms, twilio_twin: Twin) -> None:
        post(gateway, letter(LONDON))

        assert twilio_twin.post("sent") == [{"To": LONDON, "From": twilio.NUMBER, "Body": letter().body}]

    def test_sends_by_a_service_and_an_api_key(
        self, settings: config.Config, tmp_path: Path, twilio_twin: Twin
    ) -> None:
        (tmp_path / "twilio.txt").write_text(f"{twilio.KEY_SID}\n{twilio.KEY_SECRET}\n", encoding="utf-8")
        gateway = TwilioSms(settings=dataclasses.replace(settings, twilio_from=twilio.SERVICE))

        post(gateway, letter(LONDON))

        (sent,) = twilio_twin.post("sent")
        assert (sent["MessagingServiceSid"], "From" in sent) == (twilio.SERVICE, False)
        gateway.close()

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("limited", SenderUnavailable),
            ("broken", SendingUnclear),
            ("half", SendingUnclear),
            ("silent_after", SendingUnclear),
            ("slow", SendingUnclear),
            ("fails", SendingUnclear),
        ],
    )
    def test_tells_what_became_of_it(
        self, settings: config.Config, twilio_twin: Twin, fault: str, error: type[Exception]
    ) -> None:
        twilio_twin.faults(fault)

        with (
            closing(TwilioSms(settings=as_patient_as(settings, fault))) as gateway,
            pytest.raises(SenderUnavailable) as raised,
        ):
            post(gateway, letter(LONDON))

        assert type(raised.value) is error
        assert not [secret for secret in SECRETS if secret in str(raised.value)]

    @pytest.mark.parametrize("number", ["+15005550001", "+15005550009", "+15005550003", "+15005550004", "+0"])
    def test_a_number_that_cannot_be_sent_to_is_refused(self, gateway: TwilioSms, number: str) -> None:
        with pytest.raises(LetterRefused):
            post(gateway, letter(number))

    @pytest.mark.parametrize(
        ("changes", "key"),
        [
            ({}, "guessed"),
            ({"twilio_account_sid": "AC0"}, twilio.TOKEN),
            ({"twilio_from": "+15005550099"}, twilio.TOKEN),
        ],
    )
    def test_what_is_wrong_with_us_is_not_the_customers_fault(
        self, settings: config.Config, tmp_path: Path, twilio_twin: Twin, changes: dict[str, str], key: str
    ) -> None:
        (tmp_path / "twilio.txt").write_text(key, encoding="utf-8")
        gateway = TwilioSms(settings=dataclasses.replace(settings, **changes))  # type: ignore[arg-type]

        with pytest.raises(SenderUnavailable) as raised:
            post(gateway, letter(LONDON))

        assert type(raised.value) is SenderUnavailable
        assert twilio_twin.post("sent") == []
        gateway.close()


class TestBoth:
    @pytest.fixture(autouse=True)
    def _disconnected(self) -> Iterator[None]:
        """No test behind these meets gateways that have ended."""
        yield
        messages.register({})
        payments.register()
        recovery.register(None)

    @pytest.mark.parametrize(("name", "url"), [("aliyun", "aliyun_sms_url"), ("twilio", "twilio_url")])
    def test_one_that_cannot_be_reached_has_surely_sent_nothing(
        self, settings: config.Config, name: str, url: str
    ) -> None:
        with deaf_port() as port:
            nowhere = dataclasses.replace(settings, **{url: f"http://127.0.0.1:{port}"})  # type: ignore[arg-type]
            gateway = (AliyunSms if name == "aliyun" else TwilioSms)(settings=nowhere)

            for _ in range(settings.provider_failures_max + 1):
                with pytest.raises(SenderUnavailable) as raised:
                    post(gateway, letter())
                assert type(raised.value) is SenderUnavailable

        # By now nobody asks any more, for a while.
        assert "is not called for a while" in raised.value.detail
        gateway.close()

    def test_each_number_goes_through_the_gateway_of_its_country(
        self, settings: config.Config, monkeypatch: pytest.MonkeyPatch, aliyun_twin: Twin, twilio_twin: Twin
    ) -> None:
        monkeypatch.setattr(config, "get", lambda: settings)
        connect()

        for number in (CHINA, LONDON):
            with opened() as hand_over:
                hand_over(letter(number))

        assert [sent["to"] for sent in aliyun_twin.post("sent")] == ["13800000000"]
        assert [sent["To"] for sent in twilio_twin.post("sent")] == [LONDON]

    @pytest.mark.parametrize("countries", [("86", "852"), ("+86", "+852")])
    def test_countries_that_are_not_named_get_none(
        self,
        settings: config.Config,
        monkeypatch: pytest.MonkeyPatch,
        aliyun_twin: Twin,
        twilio_twin: Twin,
        countries: tuple[str, ...],
    ) -> None:
        narrow = dataclasses.replace(settings, sms_countries=countries)
        monkeypatch.setattr(config, "get", lambda: narrow)
        connect()

        for number in (CHINA, "+85251230000"):
            with opened() as hand_over:
                hand_over(letter(number))
        for number in (LONDON, "+85512345678", "+8813000000"):
            with opened() as hand_over, pytest.raises(LetterRefused):
                hand_over(letter(number))

        assert len(aliyun_twin.post("sent") + twilio_twin.post("sent")) == 2

    @pytest.mark.parametrize(
        "changes",
        [
            {"aliyun_sms_key_file": Path("nowhere.txt"), "twilio_key_file": Path("nowhere.txt")},
            {"aliyun_sms_code_template": "", "twilio_from": ""},
            {"aliyun_sms_key_file": Path("twilio.txt"), "twilio_key_file": Path("empty.txt")},
        ],
    )
    def test_one_that_is_set_up_wrong_is_not_there_and_the_shop_opens_all_the_same(
        self, settings: config.Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, object]
    ) -> None:
        (tmp_path / "empty.txt").touch()
        wrong = dataclasses.replace(settings, **changes)  # type: ignore[arg-type]
        monkeypatch.setattr(config, "get", lambda: wrong)

        with capture_logs() as logs:
            connect()

        assert [(log["event"], log["provider"]) for log in logs] == [
            ("SMS gateway is not there", "aliyun-sms"),
            ("SMS gateway is not there", "twilio"),
        ]
        # It was meant to send, so codes do not end up in a file that nobody looks into.
        assert messages.sender_or_stand_in(Channel.SMS) is None
        assert not [secret for secret in SECRETS if secret in str(logs)]


def opened() -> AbstractContextManager[messages.Post]:
    sender = messages.sender(Channel.SMS)
    assert sender is not None
    return sender.open()
