"""Alipay as a payment provider: its open platform (RSA2) on one side, the protocol of payments on the other.

What is done here and why by hand: docs/decisions/0010.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn
from urllib.parse import urlencode

import httpx
import structlog

from evertill.domains.payments import (
    Acknowledgement,
    BillLine,
    Capability,
    DisputeTruth,
    Intent,
    Next,
    Notice,
    ProviderRefused,
    ProviderUnavailable,
    Refund,
    State,
    Truth,
    WebhookForeign,
    WebhookRefused,
    WebhookStale,
)
from evertill.kernel import clock, ids
from evertill.kernel.config import Config
from evertill.kernel.errors import ConfigError
from evertill.kernel.money import InvalidMoney, Money, as_decimal, parse
from evertill.outside import alipay_protocol as protocol
from evertill.outside import rsa
from evertill.outside.alipay_bill import read_bill
from evertill.outside.alipay_protocol import Told
from evertill.outside.caller import Caller
from evertill.outside.china import CHINA, CURRENCY, moment, written
from evertill.outside.numbers import plain

_log = structlog.get_logger("evertill.payments")

_STATES = {
    "WAIT_BUYER_PAY": State.PENDING,
    "TRADE_SUCCESS": State.CAPTURED,
    "TRADE_FINISHED": State.CAPTURED,
    "TRADE_CLOSED": State.CANCELLED,
}
# Codes of answers that say that nothing was done; after every other one that is not success, it is not known.
_REFUSALS = frozenset({"40001", "40002", "40004", "40006"})
_UNKNOWN = "SYSTEM_ERROR"
_NO_TRADE = "ACQ.TRADE_NOT_EXIST"
_NO_BILL = "isp.bill_not_exist"
# The bill of a day is there from ten o'clock of the next day on.
_BILL_AFTER = dt.timedelta(days=1, hours=10)


class AlipayProvider:
    """Alipay, for a merchant on the mainland: money in CNY, by page or by QR code."""

    name = "alipay"
    capabilities = (
        Capability.PAGE | Capability.QR | Capability.PARTIAL_REFUND | Capability.BILL | Capability.BILLED_FEES
    )
    utc_offset = dt.timedelta(hours=8)
    # Anything else, and Alipay tells the same again for a day.
    acknowledgement = Acknowledgement(media_type="text/plain", body=b"success")

    def __init__(self, *, settings: Config, now: Callable[[], dt.datetime] = clock.now) -> None:
        if not settings.alipay_seller_id:
            raise ConfigError("EVERTILL_ALIPAY_SELLER_ID is not set.")
        gateway = httpx.URL(settings.alipay_url)
        if gateway.scheme not in ("https", "http") or not gateway.host:
            raise ConfigError("EVERTILL_ALIPAY_URL is no address.")
        self._key = rsa.read_private_key(settings.data / settings.alipay_private_key)
        self._their_key = rsa.read_public_key(settings.data / settings.alipay_public_key)
        self._gateway = gateway
        self._app_id = settings.alipay_app_id
        self._seller_id = settings.alipay_seller_id
        self._notify_url = f"{settings.public_url.rstrip('/')}/api/v1/webhooks/{self.name}"
        self._age_max = dt.timedelta(seconds=settings.webhook_age_s)
        self._bill_bytes_max = settings.bill_bytes_max
        self._now = now
        self._caller = Caller(name="Alipay", url=str(gateway.copy_with(raw_path=b"/")), settings=settings)
        self.patience_s = settings.payment_s

    @property
    def is_available(self) -> bool:
        """Whether it answered lately."""
        return self._caller.is_available

    def start(self, *, intent: Intent, return_url: str, client_ip: str) -> Truth:  # noqa: ARG002 — of no use here.
        """This function will begin a payment: by a signed address, which asks nobody, or by a QR code.

        The trade comes to be when the customer opens it. Its number makes it one, however often he does.
        """
        content = self._content(intent)
        if intent.way == "page":
            content["product_code"] = "FAST_INSTANT_TRADE_PAY"
            address = self._address("alipay.trade.page.pay", content, return_url=return_url)
            return Truth(state=State.PENDING, next=Next(kind="redirect", value=address))
        told = self._ask("alipay.trade.precreate", content, notify_url=self._notify_url)
        if not told.is_done:
            # Opened, paid or closed already, it cannot begin again; how it stands is the truth.
            return self.fetch(intent=intent) or _refuse(told)
        code = told.facts.get("qr_code")
        if not code or told.facts.get("out_trade_no") != plain(intent.number):
            raise ProviderUnavailable("Alipay tells of another payment.")
        return Truth(state=State.PENDING, next=Next(kind="qr", value=str(code)))

    def fetch(self, *, intent: Intent) -> Truth | None:
        """This function will tell how a payment stands; None as long as the customer has not opened it."""
        told = self._ask("alipay.trade.query", {"out_trade_no": plain(intent.number)})
        if told.sub_code == _NO_TRADE:
            return None
        if not told.is_done:
            raise ProviderUnavailable(f"Alipay does not say how the payment stands: {told.sub_code or told.code}.")
        return _truth(told, intent)

    def capture(self, *, intent: Intent) -> Truth:
        """This function will tell how a payment stands: here nothing is authorised before it is captured."""
        return self.fetch(intent=intent) or Truth(state=State.FAILED, reason="nothing was authorised")

    def cancel(self, *, intent: Intent) -> Truth:
        """This function will close a trade, or tell what came first."""
        told = self._ask("alipay.trade.close", {"out_trade_no": plain(intent.number)})
        if told.is_done or told.sub_code == _NO_TRADE:
            return Truth(state=State.CANCELLED)
        return self.fetch(intent=intent) or Truth(state=State.CANCELLED)

    def refund(self, *, intent: Intent, refund: Refund) -> str:
        """This function will give money back and return the refund's number, for Alipay has no other id of it.

        When no money moved in this very call, an earlier one may have moved it: Alipay is asked.
        """
        part = {"out_trade_no": plain(intent.number), "out_request_no": plain(refund.number)}
        currency = intent.captured.currency if intent.captured else CURRENCY
        amount = _amount(Money(amount=refund.amount, currency=currency))
        # Not the reason: that is for the books, and Alipay would show it to the customer.
        told = self._ask("alipay.trade.refund", {**part, "refund_amount": amount})
        if told.is_done and told.facts.get("fund_change") == "Y":
            return refund.number
        found = self._ask("alipay.trade.fastpay.refund.query", part)
        if found.is_done and found.facts.get("refund_status") == "REFUND_SUCCESS":
            _check_refund(found, refund, currency)
            return refund.number
        if not told.is_done:
            _refuse(told)
        raise ProviderUnavailable("Alipay has not given the money back yet.")

    def read_webhook(self, *, headers: Mapping[bytes, bytes], body: bytes, now: dt.datetime) -> Notice:  # noqa: ARG002
        """This function will verify a notification and tell what it is about."""
        fields = protocol.read_notification(body, key=self._their_key)
        try:
            age = now - moment(fields["notify_time"])
            notice = Notice(event_id=fields["notify_id"], reference=fields["out_trade_no"])
        except (KeyError, ValueError):
            raise WebhookRefused("The webhook has another form than the provider describes.") from None
        if abs(age) > self._age_max:
            raise WebhookStale("The webhook was signed too long ago.")
        if fields.get("app_id") != self._app_id or fields.get("seller_id", self._seller_id) != self._seller_id:
            raise WebhookForeign("This is about another merchant's payment.")
        return notice

    def disputes(self, *, intent: Intent) -> Sequence[DisputeTruth]:  # noqa: ARG002 — Alipay tells of none this way.
        """This function will tell no disputes: Alipay settles them with the merchant itself."""
        return []

    def list(self, *, date: dt.date) -> Iterator[BillLine]:
        """This function will read the bill of a day in China, once all of it has come and adds up."""
        begin = dt.datetime.combine(date, dt.time(), tzinfo=CHINA)
        if self._now() < begin + _BILL_AFTER:
            raise ProviderUnavailable("Alipay's bill is there at ten o'clock of the next day, in China.")
        asked = {"bill_type": "trade", "bill_date": date.isoformat()}
        told = self._ask("alipay.data.dataservice.bill.downloadurl.query", asked)
        if told.sub_code == _NO_BILL:
            return
        if not told.is_done:
            raise ProviderUnavailable(f"Alipay does not give the bill: {told.sub_code or told.code}.")
        url = httpx.URL(str(told.facts.get("bill_download_url", "")))
        # The answer is signed, but a bill in the clear could be changed on its way.
        if url.scheme != self._gateway.scheme:
            raise ProviderUnavailable("Alipay's bill lies at an address that is not safe.")
        with tempfile.TemporaryFile() as file:
            self._caller.download(str(url), headers={}, into=file)
            for _ in read_bill(file, bytes_max=self._bill_bytes_max):
                pass
            yield from read_bill(file, bytes_max=self._bill_bytes_max)

    def close(self) -> None:
        """This function will close the connections to Alipay."""
        self._caller.close()

    def _content(self, intent: Intent) -> dict[str, str]:
        if intent.expected.currency != CURRENCY:
            raise ProviderRefused(f"Alipay takes {CURRENCY} only.")
        expires_at = intent.created_at + dt.timedelta(seconds=self.patience_s)
        return {
            "out_trade_no": plain(intent.number),
            "total_amount": _amount(intent.expected),
            "subject": f"Order {ids.to_number(intent.order_id)}",
            "seller_id": self._seller_id,
            # From then on nobody can pay what we have stopped following.
            "time_expire": written(expires_at),
        }

    def _common(self, method: str, **more: str) -> dict[str, str]:
        return {
            "app_id": self._app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": written(self._now()),
            "version": "1.0",
            **more,
        }

    def _address(self, method: str, content: Mapping[str, str], *, return_url: str) -> str:
        common = self._common(method, notify_url=self._notify_url, return_url=return_url)
        signed = protocol.signed({**common, "biz_content": _json(content)}, key=self._key)
        return str(self._gateway.copy_with(query=urlencode(signed).encode()))

    def _ask(self, method: str, content: Mapping[str, str], **more: str) -> Told:
        """Ask, and return the verified answer; whether it says yes is for the asker to see."""
        biz_content = _json(content)
        signed = protocol.signed({**self._common(method, **more), "biz_content": biz_content}, key=self._key)
        # As Alipay's own libraries do it: what is common goes into the address, the content into the body.
        del signed["biz_content"]
        answer = self._caller.exchange(
            "POST",
            f"{self._gateway.path}?{urlencode(signed)}",
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
            content=urlencode({"biz_content": biz_content}).encode(),
        )
        told = protocol.read_answer(answer.body, method=method, key=self._their_key)
        if not told.is_done and told.sub_code not in (_NO_TRADE, _NO_BILL):
            _log.warning("alipay says no", method=method, code=told.code, sub_code=told.sub_code)
        if not told.is_done and (told.code not in _REFUSALS or _UNKNOWN in told.sub_code):
            raise ProviderUnavailable(f"Alipay does not know: {told.sub_code or told.code}.")
        return told


def _refuse(told: Told) -> NoReturn:
    raise ProviderRefused(f"{told.sub_code or told.code}: {told.facts.get('sub_msg', '')}"[:200])


def _json(content: Mapping[str, str]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _amount(money: Money) -> str:
    return f"{as_decimal(money):f}"


def _truth(told: Told, intent: Intent) -> Truth:
    facts = told.facts
    if facts.get("out_trade_no") != plain(intent.number):
        raise ProviderUnavailable("Alipay tells of another payment.")
    try:
        state = _STATES[facts["trade_status"]]
        if state is State.CANCELLED and facts.get("send_pay_date"):
            # A trade that was paid is closed, too, once all of its money went back.
            state = State.CAPTURED
        amount = parse(str(facts["total_amount"]), currency=str(facts.get("trans_currency", CURRENCY)))
    except (KeyError, InvalidMoney) as error:
        raise ProviderUnavailable("Alipay tells something else than it describes.") from error
    return Truth(
        state=state,
        provider_id=str(facts.get("trade_no", "")),
        captured=amount if state is State.CAPTURED else None,
        reason="closed" if state is State.CANCELLED else "",
    )


def _check_refund(told: Told, refund: Refund, currency: str) -> None:
    try:
        amount = parse(str(told.facts["refund_amount"]), currency=currency).amount
    except (KeyError, InvalidMoney) as error:
        raise ProviderUnavailable("Alipay tells something else than it describes.") from error
    if amount != refund.amount or told.facts.get("out_request_no") != plain(refund.number):
        raise ProviderUnavailable("Alipay tells of another refund.")
