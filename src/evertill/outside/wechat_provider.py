"""WeChat Pay as a payment provider: its API v3 on one side, the protocol of payments on the other.

What is done here and why by hand: docs/decisions/0010.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NoReturn
from urllib.parse import quote

import httpx
import structlog

from evertill.domains.payments import (
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
    WebhookForged,
    WebhookRefused,
    WebhookStale,
)
from evertill.kernel import clock, ids
from evertill.kernel.config import Config
from evertill.kernel.errors import ConfigError
from evertill.kernel.money import Money
from evertill.outside import rsa
from evertill.outside import wechat_protocol as protocol
from evertill.outside.caller import Caller
from evertill.outside.china import CHINA, CURRENCY
from evertill.outside.numbers import plain
from evertill.outside.wechat_bill import read_bill
from evertill.outside.wechat_protocol import Genuineness

_log = structlog.get_logger("evertill.payments")

_STATES = {
    "NOTPAY": State.PENDING,
    "USERPAYING": State.PENDING,
    # The customer may try again until the order is closed.
    "PAYERROR": State.PENDING,
    "SUCCESS": State.CAPTURED,
    # Money went back, whole or in part: it was captured before.
    "REFUND": State.CAPTURED,
    "CLOSED": State.CANCELLED,
    "REVOKED": State.CANCELLED,
}
_DONE = range(200, 300)
# Statuses of answers that say that nothing was done; after every other one that is not success, it is not known.
_REFUSALS = (400, 403, 404)
_NO_ORDER = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
_NO_BILL = "NO_STATEMENT_EXIST"
_BEGAN_BEFORE = frozenset({"ORDERPAID", "ORDER_PAID", "ORDER_CLOSED", "OUT_TRADE_NO_USED"})
# The bill of a day is there from ten o'clock of the next day on.
_BILL_AFTER = dt.timedelta(days=1, hours=10)


class WechatProvider:
    """WeChat Pay, for a merchant on the mainland: money in CNY, by a page on a phone (H5) or by QR code (Native)."""

    name = "wechat"
    capabilities = (
        Capability.PAGE | Capability.QR | Capability.PARTIAL_REFUND | Capability.BILL | Capability.BILLED_FEES
    )
    utc_offset = dt.timedelta(hours=8)
    # Any answer of success will do; of any other it tells the same again for a day.
    acknowledgement = None

    def __init__(self, *, settings: Config, now: Callable[[], dt.datetime] = clock.now) -> None:
        for name in ("wechat_app_id", "wechat_merchant_serial"):
            if not getattr(settings, name):
                raise ConfigError(f"EVERTILL_{name.upper()} is not set.")
        api = httpx.URL(settings.wechat_url)
        if api.scheme not in ("https", "http") or not api.host or api.path != "/":
            raise ConfigError("EVERTILL_WECHAT_URL is no address of a server alone.")
        self._api = api
        self._key = rsa.read_private_key(settings.data / settings.wechat_private_key)
        self._api_key = protocol.read_api_key(settings.data / settings.wechat_api_key)
        self._their_keys = protocol.read_platform_keys(
            [settings.data / name for name in settings.wechat_platform_keys],
            public_key_id=settings.wechat_public_key_id,
            now=now(),
        )
        self._public_key_id = settings.wechat_public_key_id
        self._merchant = settings.wechat_merchant_id
        self._app_id = settings.wechat_app_id
        self._serial = settings.wechat_merchant_serial
        self._notify_url = f"{settings.public_url.rstrip('/')}/api/v1/webhooks/{self.name}"
        self._age_s_max = settings.webhook_age_s
        self._now = now
        self._caller = Caller(name="WeChat Pay", url=str(api), settings=settings)
        self.patience_s = settings.payment_s

    @property
    def is_available(self) -> bool:
        """Whether it answered lately."""
        return self._caller.is_available

    def start(self, *, intent: Intent, return_url: str, client_ip: str) -> Truth:
        """This function will begin a payment; its number makes it one, however often it is begun."""
        if intent.expected.currency != CURRENCY:
            raise ProviderRefused(f"WeChat Pay takes {CURRENCY} only.")
        expires_at = intent.created_at + dt.timedelta(seconds=self.patience_s)
        order: dict[str, Any] = {
            "appid": self._app_id,
            "mchid": self._merchant,
            "description": f"Order {ids.to_number(intent.order_id)}",
            "out_trade_no": plain(intent.number),
            # From then on nobody can pay what we have stopped following.
            "time_expire": expires_at.astimezone(CHINA).isoformat(timespec="seconds"),
            "notify_url": self._notify_url,
            "amount": {"total": intent.expected.amount, "currency": CURRENCY},
        }
        kind = "native"
        if intent.way == "page":
            kind = "h5"
            # It compares this with the address from which the customer opens the page.
            order["scene_info"] = {"payer_client_ip": client_ip, "h5_info": {"type": "Wap"}}
        status, told = self._ask("POST", f"/v3/pay/transactions/{kind}", order)
        if status not in _DONE:
            return (self._look(intent) if told.get("code") in _BEGAN_BEFORE else None) or _refuse(status, told)
        return Truth(state=State.PENDING, next=_next(told, return_url=return_url))

    def fetch(self, *, intent: Intent) -> Truth | None:
        """This function will tell how a payment stands.

        It is None also for one that waits at WeChat Pay while we never told the customer how to pay it, because the
        answer that said so was lost: only beginning it again tells that.
        """
        truth = self._look(intent)
        if truth is not None and truth.state is State.PENDING and intent.state is State.CREATED:
            return None
        return truth

    def capture(self, *, intent: Intent) -> Truth:
        """This function will tell how a payment stands: here nothing is authorised before it is captured."""
        return self._look(intent) or Truth(state=State.FAILED, reason="nothing was authorised")

    def cancel(self, *, intent: Intent) -> Truth:
        """This function will close an order, or tell what came first."""
        path = f"/v3/pay/transactions/out-trade-no/{plain(intent.number)}/close"
        status, told = self._ask("POST", path, {"mchid": self._merchant})
        if status in _DONE or told.get("code") in _NO_ORDER:
            return Truth(state=State.CANCELLED)
        return self._look(intent) or Truth(state=State.CANCELLED)

    def refund(self, *, intent: Intent, refund: Refund) -> str:
        """This function will give money back and return WeChat Pay's id of the refund, once the money is through.

        Asking again under the same number tells how the first one stands.
        """
        captured = intent.captured or intent.expected
        # Not the reason: that is for the books, and WeChat Pay would show it to the customer.
        asked = {
            "out_trade_no": plain(intent.number),
            "out_refund_no": plain(refund.number),
            "amount": {"refund": refund.amount, "total": captured.amount, "currency": captured.currency},
        }
        status, told = self._ask("POST", "/v3/refund/domestic/refunds", asked)
        if status not in _DONE:
            _refuse(status, told)
        return _refunded(told, refund)

    def read_webhook(self, *, headers: Mapping[bytes, bytes], body: bytes, now: dt.datetime) -> Notice:
        """This function will verify a notification, decrypt it, and tell what it is about."""

        def header(name: str) -> str:
            return headers.get(name.encode(), b"").decode("latin-1")

        verdict = protocol.judge(header, body, keys=self._their_keys, now=now, age_s_max=self._age_s_max)
        if verdict is Genuineness.STALE:
            raise WebhookStale("The webhook was signed too long ago.")
        if verdict is not Genuineness.GENUINE:
            raise WebhookForged("The signature is not the provider's.")
        try:
            told = json.loads(body)
            resource = protocol.decrypt(told["resource"], key=self._api_key)
            notice = Notice(event_id=str(told["id"]), reference=str(resource["out_trade_no"]))
            merchant = resource["mchid"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise WebhookRefused("The webhook has another form than the provider describes.") from None
        if merchant != self._merchant:
            raise WebhookForeign("This is about another merchant's payment.")
        return notice

    def disputes(self, *, intent: Intent) -> Sequence[DisputeTruth]:  # noqa: ARG002 — it tells of none this way.
        """This function will tell no disputes: customers complain on the merchant's platform, and money stays."""
        return []

    def list(self, *, date: dt.date) -> Iterator[BillLine]:
        """This function will read the bill of a day in China, once all of it has come and adds up."""
        begin = dt.datetime.combine(date, dt.time(), tzinfo=CHINA)
        if self._now() < begin + _BILL_AFTER:
            raise ProviderUnavailable("WeChat Pay's bill is there at ten o'clock of the next day, in China.")
        status, told = self._ask("GET", f"/v3/bill/tradebill?bill_date={date.isoformat()}&bill_type=ALL")
        if told.get("code") == _NO_BILL:
            return
        if status not in _DONE:
            raise ProviderUnavailable(f"WeChat Pay does not give the bill: {told.get('code')}.")
        with tempfile.TemporaryFile() as file:
            self._download(told, into=file)
            file.seek(0)
            for _ in read_bill(file):
                pass
            file.seek(0)
            yield from read_bill(file)

    def close(self) -> None:
        """This function will close the connections to WeChat Pay."""
        self._caller.close()

    def _look(self, intent: Intent) -> Truth | None:
        path = f"/v3/pay/transactions/out-trade-no/{plain(intent.number)}?mchid={self._merchant}"
        status, told = self._ask("GET", path)
        if told.get("code") in _NO_ORDER:
            return None
        if status not in _DONE:
            raise ProviderUnavailable(f"WeChat Pay does not say how the payment stands: {told.get('code')}.")
        return _truth(told, intent, merchant=self._merchant)

    def _ask(self, method: str, target: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """Ask, and return the verified answer; whether it says yes is for the asker to see."""
        content = "" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Authorization": self._authorization(method, target, content),
        }
        if self._public_key_id:
            # With this key, please, and not with a certificate that we may not have.
            headers["Wechatpay-Serial"] = self._public_key_id
        answer = self._caller.exchange(method, target, headers=headers, content=content.encode())
        verdict = protocol.judge(
            answer.headers.get, answer.body, keys=self._their_keys, now=self._now(), age_s_max=self._age_s_max
        )
        if verdict is not Genuineness.GENUINE:
            # It signs every answer to a call whose own signature it accepts, so this is also how a wrong key shows.
            _log.error("wechat's answer is not signed by it", status=answer.status, verdict=verdict.name)
            raise ProviderUnavailable(f"WeChat Pay's answer ({answer.status}) is not signed by it.")
        try:
            told = json.loads(answer.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise ProviderUnavailable("WeChat Pay answers in another form than it describes.") from error
        if not isinstance(told, dict) or (answer.status not in _DONE and answer.status not in _REFUSALS):
            raise ProviderUnavailable(f"WeChat Pay answers {answer.status}.")
        return answer.status, told

    def _authorization(self, method: str, target: str, content: str) -> str:
        return protocol.authorization(
            method,
            target,
            content,
            merchant=self._merchant,
            serial=self._serial,
            key=self._key,
            at=int(self._now().timestamp()),
            nonce=secrets.token_hex(16),
        )

    def _download(self, told: Mapping[str, Any], *, into: BinaryIO) -> None:
        url = httpx.URL(str(told.get("download_url", "")))
        # The file itself is not signed, and our signature is nobody else's business: same place, and the stated digest.
        if (url.scheme, url.host, url.port) != (self._api.scheme, self._api.host, self._api.port):
            raise ProviderUnavailable("WeChat Pay's bill lies at an address that is not its own.")
        target = url.raw_path.decode()
        self._caller.download(str(url), headers={"Authorization": self._authorization("GET", target, "")}, into=into)
        into.seek(0)
        digest = hashlib.sha1(usedforsecurity=False)
        while part := into.read(1 << 16):
            digest.update(part)
        if told.get("hash_type") != "SHA1" or str(told.get("hash_value", "")).lower() != digest.hexdigest():
            raise ProviderUnavailable("WeChat Pay's bill is not the one that it announced.")


def _refuse(status: int, told: Mapping[str, Any]) -> NoReturn:
    _log.warning("wechat says no", status=status, code=told.get("code"))
    raise ProviderRefused(f"{told.get('code', status)}: {told.get('message', '')}"[:200])


def _refunded(told: Mapping[str, Any], refund: Refund) -> str:
    try:
        number, amount = told["out_refund_no"], told["amount"]["refund"]
        refund_id, standing = str(told["refund_id"]), str(told["status"])
    except (KeyError, TypeError) as error:
        raise ProviderUnavailable("WeChat Pay tells something else than it describes.") from error
    if (number, amount) != (plain(refund.number), refund.amount):
        raise ProviderUnavailable("WeChat Pay tells of another refund.")
    if standing == "PROCESSING":
        raise ProviderUnavailable("WeChat Pay has not given the money back yet.")
    if standing != "SUCCESS":
        # The customer's bank did not take it, or the shop closed it: somebody has to decide where the money goes.
        raise ProviderRefused(f"The refund is {standing} at WeChat Pay.")
    return refund_id


def _next(told: Mapping[str, Any], *, return_url: str) -> Next:
    if "h5_url" in told:
        return Next(kind="redirect", value=f"{told['h5_url']}&redirect_url={quote(return_url, safe='')}")
    if not told.get("code_url"):
        raise ProviderUnavailable("WeChat Pay tells something else than it describes.")
    return Next(kind="qr", value=str(told["code_url"]))


def _truth(told: Mapping[str, Any], intent: Intent, *, merchant: str) -> Truth:
    try:
        if (told["out_trade_no"], told["mchid"]) != (plain(intent.number), merchant):
            raise ProviderUnavailable("WeChat Pay tells of another payment.")
        state = _STATES[told["trade_state"]]
        captured = None
        if state is State.CAPTURED:
            amount, currency = told["amount"]["total"], told["amount"].get("currency", CURRENCY)
            if type(amount) is not int or not isinstance(currency, str):
                raise TypeError(amount)
            captured = Money(amount=amount, currency=currency)
    except (KeyError, TypeError, AttributeError) as error:
        raise ProviderUnavailable("WeChat Pay tells something else than it describes.") from error
    return Truth(
        state=state,
        provider_id=str(told.get("transaction_id", "")),
        captured=captured,
        reason="closed" if state is State.CANCELLED else "",
    )
