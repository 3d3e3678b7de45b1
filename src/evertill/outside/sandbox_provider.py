"""Sandbox as a payment provider: its HTTP API on one side, the protocol of payments on the other."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from evertill.domains.payments import (
    BillKind,
    BillLine,
    Capability,
    DisputeStanding,
    DisputeTruth,
    Intent,
    Next,
    Notice,
    ProviderRefused,
    ProviderUnavailable,
    Refund,
    State,
    Truth,
    WebhookForged,
    WebhookRefused,
    WebhookStale,
)
from evertill.kernel.config import Config
from evertill.kernel.money import Money
from evertill.outside.caller import Caller

_STATES = {
    "REQUIRES_ACTION": State.PENDING,
    "PROCESSING": State.PENDING,
    "AUTHORIZED": State.AUTHORIZED,
    "CAPTURED": State.CAPTURED,
    "FAILED": State.FAILED,
    "CANCELLED": State.CANCELLED,
}
_BILL_KINDS = {
    "charge": BillKind.CAPTURE,
    "fee": BillKind.FEE,
    "refund": BillKind.REFUND,
    "dispute": BillKind.DISPUTE,
    "dispute_won": BillKind.DISPUTE_WON,
}
_OK = (200, 201)
_NOT_FOUND, _CONFLICT = 404, 409
_REFUSALS = (400, 409, 422)


class _About(msgspec.Struct):
    reference: str


class _Data(msgspec.Struct):
    payment: _About


class _Told(msgspec.Struct):
    id: str
    data: _Data


class SandboxProvider:
    """The payment provider for trying things out."""

    name = "sandbox"
    utc_offset = dt.timedelta(0)
    capabilities = Capability.PAGE | Capability.QR | Capability.PARTIAL_REFUND | Capability.DISPUTES | Capability.BILL
    acknowledgement = None

    def __init__(self, *, url: str, keys: Path, settings: Config) -> None:
        self._caller = Caller(name="Sandbox", url=url, settings=settings)
        self._age_s_max = settings.webhook_age_s
        self.patience_s = settings.payment_s
        self._file = keys
        self._known: dict[str, str] = {}

    @property
    def is_available(self) -> bool:
        """Whether it answered lately."""
        return self._caller.is_available

    def start(self, *, intent: Intent, return_url: str, client_ip: str) -> Truth:  # noqa: ARG002 — of no use here.
        """This function will begin a payment; its number is the key under which it counts once."""
        body = {
            "reference": intent.number,
            "amount": intent.expected.amount,
            "currency": intent.expected.currency,
            "method": intent.way,
            "return_url": return_url,
        }
        return _truth(self._post("/v1/payments", body, key=intent.number), intent)

    def fetch(self, *, intent: Intent) -> Truth | None:
        """This function will tell how a payment stands; by its number while the provider's id is not known yet."""
        if intent.provider_id:
            status, told = self._call("GET", f"/v1/payments/{intent.provider_id}")
            return None if status == _NOT_FOUND else _truth(_accepted(status, told), intent)
        status, told = self._call("GET", "/v1/payments", query={"reference": intent.number})
        found = _accepted(status, told)["payments"]
        return _truth(found[0], intent) if found else None

    def capture(self, *, intent: Intent) -> Truth:
        """This function will take authorised money."""
        return self._end("capture", {}, intent)

    def cancel(self, *, intent: Intent) -> Truth:
        """This function will cancel a payment, or tell what came first."""
        return self._end("cancel", None, intent)

    def refund(self, *, intent: Intent, refund: Refund) -> str:
        """This function will give money back; the refund's number is the key under which it counts once."""
        body = {"amount": refund.amount, "reference": refund.number}
        told = self._post(f"/v1/payments/{intent.provider_id}/refunds", body, key=refund.number)
        return str(told["id"])

    def read_webhook(self, *, headers: Mapping[bytes, bytes], body: bytes, now: dt.datetime) -> Notice:
        """This function will verify `Sandbox-Signature`: HMAC-SHA256 over the moment, a full stop and the body."""
        at, _, given = headers.get(b"sandbox-signature", b"").partition(b",v1=")
        moment = at.removeprefix(b"t=")
        secret = self._keys()["webhook_secret"].encode()
        expected = hmac.new(secret, moment + b"." + body, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(given, expected):
            raise WebhookForged("The signature is not the provider's.")
        if not moment.isdigit() or abs(now.timestamp() - int(moment[:12])) > self._age_s_max:
            raise WebhookStale("The webhook was signed too long ago.")
        try:
            told = msgspec.json.decode(body, type=_Told)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise WebhookRefused("The webhook has another form than the provider describes.") from None
        return Notice(event_id=told.id, reference=told.data.payment.reference)

    def disputes(self, *, intent: Intent) -> Sequence[DisputeTruth]:
        """This function will tell the disputes about a payment that it knows by its own id."""
        status, told = self._call("GET", f"/v1/payments/{intent.provider_id}")
        return [_dispute(dispute) for dispute in _accepted(status, told)["disputes"]]

    def list(self, *, date: dt.date) -> Iterator[BillLine]:
        """This function will read the bill of a UTC day, page by page."""
        query = {"date": date.isoformat()}
        while True:
            page = _accepted(*self._call("GET", "/v1/bill", query=query))
            yield from map(_bill_line, page["lines"])
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def close(self) -> None:
        """This function will close the connections to Sandbox."""
        self._caller.close()

    def _end(self, verb: str, body: object, intent: Intent) -> Truth:
        status, told = self._call("POST", f"/v1/payments/{intent.provider_id}/{verb}", body=body)
        if status == _CONFLICT:
            # Something else came first; how it stands now is the truth.
            status, told = self._call("GET", f"/v1/payments/{intent.provider_id}")
        return _truth(_accepted(status, told), intent)

    def _post(self, path: str, body: object, *, key: str) -> Any:  # noqa: ANN401 — JSON.
        status, told = self._call("POST", path, body=body, key=key)
        if status in _REFUSALS:
            raise ProviderRefused(f"{told.get('code', status)}: {told.get('detail', '')}"[:200])
        return _accepted(status, told)

    def _call(
        self, method: str, path: str, *, body: object = None, query: Mapping[str, str] | None = None, key: str = ""
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._keys()['secret_key']}"}
        if key:
            headers["Idempotency-Key"] = key
        return self._caller.call(method, path, headers=headers, body=body, query=query)

    def _keys(self) -> dict[str, str]:
        # The provider writes its keys when it starts for the first time, which may be after us.
        if not self._known:
            try:
                self._known = json.loads(self._file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise ProviderUnavailable("The keys of Sandbox cannot be read.") from error
        return self._known


def _accepted(status: int, told: Any) -> Any:  # noqa: ANN401 — JSON.
    if status not in _OK:
        raise ProviderUnavailable(f"Sandbox answers {status}.")
    return told


def _dispute(told: Any) -> DisputeTruth:  # noqa: ANN401 — JSON.
    try:
        return DisputeTruth(
            provider_id=told["id"],
            standing=DisputeStanding(told["status"]),
            amount=Money(amount=told["amount"], currency=told["currency"]),
            reason=told["reason"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderUnavailable("Sandbox tells something else than it describes.") from error


def _bill_line(told: Any) -> BillLine:  # noqa: ANN401 — JSON.
    try:
        return BillLine(
            kind=_BILL_KINDS[told["kind"]],
            reference=told["reference"],
            provider_id=told["payment"],
            part_id=told["refund"] or "",
            amount=Money(amount=told["amount"], currency=told["currency"]),
            at=dt.datetime.fromisoformat(told["at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderUnavailable("Sandbox tells something else than it describes.") from error


def _truth(told: Any, intent: Intent) -> Truth:  # noqa: ANN401 — JSON.
    try:
        if told["reference"] != intent.number:
            raise ProviderUnavailable("Sandbox tells of another payment.")
        following = told["next"]
        return Truth(
            state=_STATES[told["status"]],
            provider_id=told["id"],
            captured=Money(amount=told["captured"], currency=told["captured_currency"]) if told["captured"] else None,
            fee=told["fee"],
            reason=told["reason"] or "",
            next=Next(kind=following["kind"], value=following.get("url") or following["text"]) if following else None,
        )
    except (KeyError, TypeError) as error:
        raise ProviderUnavailable("Sandbox tells something else than it describes.") from error
