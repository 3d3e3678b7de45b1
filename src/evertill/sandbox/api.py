"""/v1: what a merchant's program may ask. One table of routes; each handler calls one operation."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import msgspec

from evertill.kernel.errors import EvertillError

from . import bill, disputes, faults, payments
from .book import ENDPOINT, Book, NotFound, now_ms, own_faults, payment_row
from .faults import Mix
from .http import Answer, Malformed, Request, as_json
from .keys import Keys
from .types import (
    Body,
    Capture,
    CloseDispute,
    NewDispute,
    NewFaults,
    NewPayment,
    NewRefund,
    Plant,
    Simulate,
    WebhookEndpoint,
)

T = TypeVar("T", bound=Body)
Handler = Callable[[Book, Request, str], Answer]
_KEY_MAX = 255
_MIX = "mix"


class NoKey(EvertillError):
    """The call does not carry the secret key."""

    code = "UNAUTHENTICATED"
    status = "unauthenticated"
    remedy = "Send Authorization: Bearer with the secret key of sandbox-keys.json."


class KeyReused(EvertillError):
    """An idempotency key came before with another body."""

    code = "IDEMPOTENCY_KEY_REUSED"
    remedy = "Use a new key for a new request."


class Down(EvertillError):
    """The fault `down` strikes."""

    code = "DOWN"
    status = "unavailable"
    remedy = "Try again later, with the same key."


class Hang(Exception):
    """The fault `closed` or `timeout_after` strikes: after `ms`, the connection ends without an answer."""

    def __init__(self, ms: int) -> None:
        super().__init__(ms)
        self.ms = ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The API of one provider."""

    book: Book
    keys: Keys

    async def answer(self, request: Request) -> Answer:
        """This function will answer a call; raises EvertillError, and Hang when there is to be no answer."""
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        if not hmac.compare_digest(given, f"Bearer {self.keys.secret_key}".encode()):
            raise NoKey("The secret key is missing or wrong.")
        handler, subject = _find(request)
        struck, metadata = self._struck(request, subject)
        if "slow" in struck:
            await asyncio.sleep(self.book.draw.ms("slow", metadata) / 1000)
        if "closed" in struck:
            raise Hang(0)
        if "down" in struck:
            raise Down("The provider is down.")
        answer = self._once(handler, request, subject) if request.method == "POST" else self._do(
            handler, request, subject
        )  # fmt: skip
        if "timeout_after" in struck and request.method == "POST":
            raise Hang(self.book.draw.ms("timeout_after", metadata))
        return answer

    def _do(self, handler: Handler, request: Request, subject: str) -> Answer:
        return handler(self.book, request, subject)

    def _once(self, handler: Handler, request: Request, subject: str) -> Answer:
        """The first answer again for a key that came before. A refusal changed nothing and is not kept."""
        key = request.headers.get("idempotency-key", "")
        if not key:
            return self._do(handler, request, subject)
        if len(key) > _KEY_MAX:
            raise Malformed(f"An idempotency key may have {_KEY_MAX} characters.")
        digest = hashlib.sha256(request.body).hexdigest()
        with self.book.store.writing():
            kept = self.book.store.one("select * from answers where path = ? and key = ?", request.path, key)
            if kept is not None:
                if kept["digest"] != digest:
                    raise KeyReused("This idempotency key came before with another body.")
                return Answer(status=kept["status"], body=kept["body"])
            answer = self._do(handler, request, subject)
            self.book.store.run(
                "insert into answers (key, path, digest, status, body) values (?, ?, ?, ?, ?)",
                key, request.path, digest, answer.status, answer.body,
            )  # fmt: skip
        return answer

    def _struck(self, request: Request, subject: str) -> tuple[list[str], dict[str, str]]:
        """The faults that strike this call, and the metadata they are told by."""
        if not request.path.startswith(("/v1/payments", "/v1/refunds", "/v1/bill")) or request.path == "/v1/bill/plant":
            return [], {}
        metadata: dict[str, str] = {}
        own: frozenset[str] = frozenset()
        if request.path == "/v1/payments" and request.method == "POST":
            metadata = read(request, NewPayment).metadata
            own = faults.asked(metadata)
        elif request.path.startswith("/v1/payments/") and not request.path.endswith("/simulate"):
            row = payment_row(self.book, subject)
            metadata, own = row["metadata"], own_faults(row)
        # A retry is the same subject again: by its key, or by what it asks.
        key = request.headers.get("idempotency-key") or hashlib.sha256(request.body).hexdigest()
        name = f"{request.method} {request.path} {key}"
        return self.book.draw.strikes(faults.CALL, subject=name, own=own), metadata


def read(request: Request, kind: type[T]) -> T:
    """This function will read a body; raises Malformed with the field's name."""
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise Malformed(str(cause)[:300]) from cause


def load_mix(book: Book) -> None:
    """This function will go on with the faults that were set before the provider was started again."""
    kept = book.store.setting(_MIX)
    book.draw.mix = Mix(**json.loads(kept)) if kept else None


def _create(book: Book, request: Request, _subject: str) -> Answer:
    return as_json(payments.create_payment(book, read(request, NewPayment)), status=201)


def _list(book: Book, request: Request, _subject: str) -> Answer:
    return as_json({"payments": payments.list_payments(book, reference=request.query.get("reference", ""))})


def _fetch(book: Book, _request: Request, subject: str) -> Answer:
    return as_json(payments.fetch_payment(book, subject))


def _capture(book: Book, request: Request, subject: str) -> Answer:
    return as_json(payments.capture_payment(book, subject, read(request, Capture)))


def _cancel(book: Book, _request: Request, subject: str) -> Answer:
    return as_json(payments.cancel_payment(book, subject))


def _refund(book: Book, request: Request, subject: str) -> Answer:
    return as_json(payments.refund_payment(book, subject, read(request, NewRefund)), status=201)


def _simulate(book: Book, request: Request, subject: str) -> Answer:
    payments.pay(book, subject, card=read(request, Simulate).card)
    return as_json(payments.fetch_payment(book, subject))


def _events(book: Book, _request: Request, subject: str) -> Answer:
    return as_json({"events": bill.read_events(book, payment=subject)})


def _fetch_refund(book: Book, _request: Request, subject: str) -> Answer:
    return as_json(payments.fetch_refund(book, subject))


def _endpoint(book: Book, request: Request, _subject: str) -> Answer:
    url = read(request, WebhookEndpoint).url
    payments.check_address(url)
    book.store.set(ENDPOINT, url)
    book.stirred.set()
    return as_json({"url": url})


def _open_dispute(book: Book, request: Request, _subject: str) -> Answer:
    asked = read(request, NewDispute)
    told = disputes.open_dispute(book, payment=asked.payment, amount=asked.amount, reason=asked.reason)
    return as_json(told, status=201)


def _fetch_dispute(book: Book, _request: Request, subject: str) -> Answer:
    return as_json(disputes.fetch_dispute(book, subject))


def _close_dispute(book: Book, request: Request, subject: str) -> Answer:
    return as_json(disputes.close_dispute(book, subject, outcome=read(request, CloseDispute).outcome))


def _bill(book: Book, request: Request, _subject: str) -> Answer:
    cursor = request.query.get("cursor") or "0"
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):  # noqa: PLR2004 — fits into 64 bits.
        raise Malformed("The cursor is not one that a bill has given.")
    return as_json(bill.read_bill(book, date=request.query.get("date", ""), after=int(cursor)))


def _plant(book: Book, request: Request, _subject: str) -> Answer:
    return as_json(bill.plant(book, read(request, Plant), at=now_ms()))


def _ledger(book: Book, request: Request, _subject: str) -> Answer:
    return as_json(bill.read_ledger(book, after=request.query.get("cursor", "")))


def _set_faults(book: Book, request: Request, _subject: str) -> Answer:
    asked = read(request, NewFaults)
    faults.check(asked.mix)
    book.draw.mix = Mix(probability=asked.mix, seed=asked.seed, ms=asked.ms)
    book.store.set(_MIX, json.dumps(asdict(book.draw.mix)))
    return _get_faults(book, request, "")


def _get_faults(book: Book, _request: Request, _subject: str) -> Answer:
    return as_json({"faults": asdict(book.draw.mix) if book.draw.mix else None, "known": faults.ALL})


def _drop_faults(book: Book, request: Request, _subject: str) -> Answer:
    book.draw.mix = None
    book.store.set(_MIX, "")
    return _get_faults(book, request, "")


# Method and path, where {} stands for an id → the handler.
ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "/v1/payments"): _create,
    ("GET", "/v1/payments"): _list,
    ("GET", "/v1/payments/{}"): _fetch,
    ("POST", "/v1/payments/{}/capture"): _capture,
    ("POST", "/v1/payments/{}/cancel"): _cancel,
    ("POST", "/v1/payments/{}/refunds"): _refund,
    ("POST", "/v1/payments/{}/simulate"): _simulate,
    ("GET", "/v1/payments/{}/events"): _events,
    ("GET", "/v1/refunds/{}"): _fetch_refund,
    ("POST", "/v1/webhook-endpoint"): _endpoint,
    ("POST", "/v1/disputes"): _open_dispute,
    ("GET", "/v1/disputes/{}"): _fetch_dispute,
    ("POST", "/v1/disputes/{}/close"): _close_dispute,
    ("GET", "/v1/bill"): _bill,
    ("POST", "/v1/bill/plant"): _plant,
    ("GET", "/v1/ledger"): _ledger,
    ("POST", "/v1/faults"): _set_faults,
    ("GET", "/v1/faults"): _get_faults,
    ("DELETE", "/v1/faults"): _drop_faults,
}


def _find(request: Request) -> tuple[Handler, str]:
    handler = ROUTES.get((request.method, request.path))
    if handler is not None:
        return handler, ""
    parts: list[Any] = request.path.split("/")
    if len(parts) > 3:  # noqa: PLR2004 — "", v1, the kind, the id.
        subject, parts[3] = parts[3], "{}"
        handler = ROUTES.get((request.method, "/".join(parts)))
        if handler is not None:
            return handler, subject
    raise NotFound("There is nothing at this address for this method.")
