"""Places invoices over HTTP and pays them through Sandbox, as their customers would, some at a time."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from evertill.journeys.replay_invoices import CURRENCY, Invoice, derive_key

from .replay_http import ReplayStopped, Reply, Wire, client_of, wait_after, work_through

METHOD = "sandbox.page"
# Payments that one run begins for an order when one after the other comes to nothing; those of all runs; and how often
# each is looked at until it is final.
PAYMENTS_MAX, PAYMENTS_EVER_MAX, LOOKS_MAX = 3, 100, 8
_FORM = urlencode({"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}).encode()
_SEE_OTHER, _NOT_FOUND = 303, 404
# Money that went back whole, or never came: another payment may still buy the order.
_IN_VAIN = {"FAILED", "CANCELLED", "UNDERPAID", "WRONG_CURRENCY"}
_BOUGHT = {"MATCHED", "OVERPAID", "LATE"}
_FINAL = {"CAPTURED", "FAILED", "CANCELLED"}


class SandboxMissing(ReplayStopped):
    """The shop takes no payments through Sandbox, or Sandbox does not answer."""

    code = "SANDBOX_MISSING"
    remedy = (
        "Start the shop with --sandbox (or --demo) and run the same command again: it goes on where it stopped. With"
        " --no-pay it places the orders only."
    )


class PageElsewhere(ReplayStopped):
    """The shop sends customers to a payment page that is not on this machine."""

    code = "PAGE_ELSEWHERE"
    remedy = "Replay on the machine that Sandbox runs on, or with --no-pay to place the orders only."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer to one invoice: placed now, there already (`is_repeat`), or refused for a reason.

    With a number, its order was placed; what was `captured` for it, in minor units, has paid it.
    """

    invoice: Invoice
    number: str = ""
    is_repeat: bool = False
    captured: int = 0
    code: str = ""
    detail: str = ""

    @property
    def is_placed(self) -> bool:
        """Whether the order is there."""
        return bool(self.number)

    @property
    def is_paid(self) -> bool:
        """Whether the order is paid."""
        return self.captured > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Where a shop answers, and how it is asked."""

    url: str
    token: str
    concurrency: int
    # Instead of the network, for shops that are closer.
    transport: httpx.AsyncBaseTransport | None = None


async def replay_sales(
    invoices: Sequence[Invoice],
    *,
    shop: Shop,
    pays: bool,
    on_answer: Callable[[Answered], None],
    on_wait: Callable[[str], None] = lambda _reason: None,
) -> None:
    """This function will place invoices, and with `pays` pay each at once, and tell each answer and each wait.

    Raises ReplayStopped when the shop or Sandbox cannot be reached any more, and TokenRefused; an invoice that is
    refused, or not paid in the end, is an answer.
    """
    client = client_of(shop.url, concurrency=shop.concurrency, token=shop.token, transport=shop.transport)
    wire = Wire(client=client, name="The shop", on_wait=on_wait)
    # Payment pages learn nothing of the shop's token.
    pages = Wire(client=client_of("", concurrency=shop.concurrency), name="Sandbox", on_wait=on_wait)

    async def replay(invoice: Invoice) -> None:
        reply = await _place(wire, invoice)
        if not reply.is_success:
            on_answer(Answered(invoice=invoice, code=reply.code, detail=reply.detail))
            return
        placed = Answered(invoice=invoice, number=str(reply.told["number"]), is_repeat=reply.is_repeat)
        on_answer(await _pay(wire, pages, placed, token=str(reply.told["access_token"])) if pays else placed)

    async with wire.client, pages.client:
        await work_through(invoices, replay, concurrency=shop.concurrency)


def body_of(invoice: Invoice) -> bytes:
    """This function will write the order of an invoice as JSON, the same bytes in every run."""
    return json.dumps(
        {
            "lines": [
                {"sku": line.sku, "quantity": line.quantity, "unit_price": line.unit_price} for line in invoice.lines
            ],
            "currency": CURRENCY,
            "contact": {"email": invoice.email},
            "expected_total": invoice.total,
        },
        separators=(",", ":"),
    ).encode()


async def _place(wire: Wire, invoice: Invoice) -> Reply:
    headers = {"Idempotency-Key": invoice.key, "Content-Type": "application/json"}
    about = f"invoice {invoice.number}"
    reply = await wire.ask("POST", "/api/v1/orders", about=about, content=body_of(invoice), headers=headers)
    total = reply.told.get("total")
    if reply.is_success and total != {"amount": invoice.total, "currency": CURRENCY}:
        raise ReplayStopped(f"The shop took invoice {invoice.number} at another total: {total}.")
    return reply


async def _pay(wire: Wire, pages: Wire, placed: Answered, *, token: str) -> Answered:
    """Pay as the customer, who has the order's own token, until the order is paid or another payment would not help."""
    payment: Mapping[str, Any] = {}
    begun = 0
    for attempt in range(1, PAYMENTS_EVER_MAX + 1):
        reply = await _begin(wire, placed, attempt=attempt, token=token)
        if not reply.is_success:
            return _unpaid(placed, code=reply.code, detail=reply.detail)
        payment = reply.told
        if payment["state"] not in _FINAL:
            if not await _submit(pages, payment, about=f"the payment of invoice {placed.invoice.number}"):
                return _unpaid(placed, code="PAGE_GONE", detail="Sandbox knows nothing of this payment any more.")
            payment = await _look(wire, placed, number=payment["number"], token=token)
        if payment["ending"] in _BOUGHT:
            return Answered(
                invoice=placed.invoice,
                number=placed.number,
                is_repeat=placed.is_repeat,
                captured=payment["captured"]["amount"],
            )
        begun += not reply.is_repeat
        if begun == PAYMENTS_MAX or not {payment["state"], payment["ending"]} & _IN_VAIN:
            break
    became = ": ".join(word for word in (payment["ending"] or payment["state"], payment["reason"]) if word)
    return _unpaid(placed, code="NOT_PAID", detail=f"The payment is {became}.")


async def _begin(wire: Wire, placed: Answered, *, attempt: int, token: str) -> Reply:
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": derive_key(placed.invoice.key, f"payment-{attempt}"),
    }
    about = f"the payment of invoice {placed.invoice.number}"
    content = json.dumps({"method": METHOD}).encode()
    try:
        path = f"/api/v1/orders/{placed.number}/payments"
        reply = await wire.ask("POST", path, about=about, content=content, headers=headers)
    except ReplayStopped as stopped:
        if "PROVIDER_UNAVAILABLE" in stopped.detail:
            raise SandboxMissing(f"Sandbox does not answer the shop. {stopped.detail}") from stopped
        raise
    if reply.code == "UNKNOWN_METHOD":
        raise SandboxMissing("This shop takes no payments through Sandbox.")
    return reply


async def _submit(pages: Wire, payment: Mapping[str, Any], *, about: str) -> bool:
    """Send the card form of the payment page, if there is one; where it was sent before, this changes nothing."""
    following = payment["next"] or {}
    address = str(following.get("value", ""))
    if not _is_on_this_machine(address):
        raise PageElsewhere("The shop sends its customers to a payment page that is not on this machine.")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        reply = await pages.ask("POST", address, about=about, content=_FORM, headers=headers)
    except ReplayStopped as stopped:
        raise SandboxMissing(stopped.detail) from stopped
    if reply.status not in {_SEE_OTHER, _NOT_FOUND}:
        raise SandboxMissing(f"The payment page answers {reply.status} to {about}.")
    return reply.status == _SEE_OTHER


async def _look(wire: Wire, placed: Answered, *, number: str, token: str) -> Mapping[str, Any]:
    """Look at a payment, which has the shop ask its provider, until it is final."""
    path, headers = f"/api/v1/orders/{placed.number}/payments/{number}", {"Authorization": f"Bearer {token}"}
    for looked in range(LOOKS_MAX):
        reply = await wire.ask("GET", path, about=f"a look at the payment of {placed.invoice.number}", headers=headers)
        if not reply.is_success:
            raise ReplayStopped(f"The shop does not show the payment of invoice {placed.invoice.number}: {reply.code}.")
        if reply.told["state"] in _FINAL:
            break
        await asyncio.sleep(wait_after(looked))
    return reply.told


def _unpaid(placed: Answered, *, code: str, detail: str) -> Answered:
    return Answered(invoice=placed.invoice, number=placed.number, is_repeat=placed.is_repeat, code=code, detail=detail)


def _is_on_this_machine(address: str) -> bool:
    # Whoever answers for the shop must not be able to send this program anywhere else.
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or parts.hostname is None:
        return False
    try:
        return parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False
