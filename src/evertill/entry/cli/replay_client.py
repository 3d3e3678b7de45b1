"""Places invoices over HTTP, some at a time, and tries again where the shop says that it makes sense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from evertill.journeys.replay_invoices import CURRENCY, Invoice
from evertill.kernel.errors import EvertillError

TRIES_MAX = 10
_WAIT_FIRST_S, _WAIT_MAX_S = 0.25, 10.0
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_CREATED, _UNAUTHORIZED, _FORBIDDEN, _SERVER_ERROR = 201, 401, 403, 500


class ReplayStopped(EvertillError):
    """The replay cannot go on."""

    code = "REPLAY_STOPPED"
    status = "unavailable"
    kept = "Every order that was placed stands, and none stands twice."
    remedy = "See that the shop is open and run the same command again: it goes on where it stopped."


class TokenRefused(ReplayStopped):
    """The shop does not accept the API token, or it may not state prices."""

    code = "TOKEN_REFUSED"
    remedy = (
        "Check that --url is the shop that --data or DATABASE_URL names, and that a --token has the scope orders:price;"
        " then run the same command again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer to one invoice: placed now, there already (`is_repeat`), or refused for a reason."""

    invoice: Invoice
    is_repeat: bool = False
    code: str = ""
    detail: str = ""

    @property
    def is_placed(self) -> bool:
        """Whether the order is there."""
        return not self.code


async def place_invoices(
    invoices: Sequence[Invoice],
    *,
    url: str,
    token: str,
    concurrency: int,
    on_answer: Callable[[Answered], None],
    on_wait: Callable[[str], None] = lambda _reason: None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """This function will place invoices, `concurrency` at a time, and tell each answer and each wait.

    Raises ReplayStopped when the shop cannot be reached any more, and TokenRefused; a refused invoice is an answer.
    """
    waiting = iter(invoices)
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=url, headers=headers, limits=limits, timeout=_TIMEOUT, transport=transport, trust_env=False
    ) as client:
        workers = [asyncio.create_task(_work(client, waiting, on_answer, on_wait)) for _ in range(concurrency)]
        try:
            await asyncio.gather(*workers)
        finally:
            # The first failure ends all; what was sent by then counts once in the next run.
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)


async def _work(
    client: httpx.AsyncClient,
    waiting: Iterator[Invoice],
    on_answer: Callable[[Answered], None],
    on_wait: Callable[[str], None],
) -> None:
    for invoice in waiting:
        on_answer(await _place(client, invoice, on_wait))


async def _place(client: httpx.AsyncClient, invoice: Invoice, on_wait: Callable[[str], None]) -> Answered:
    content = body_of(invoice)
    headers = {"Idempotency-Key": invoice.key, "Content-Type": "application/json"}
    reason = ""
    for tried in range(TRIES_MAX):
        wait_s = min(_WAIT_FIRST_S * 2**tried, _WAIT_MAX_S)
        try:
            response = await client.post("/api/v1/orders", content=content, headers=headers)
        except httpx.TransportError as cause:
            # Whether the shop has it is not known; the key makes asking again harmless.
            reason = f"{type(cause).__name__} {cause}".strip()
        except httpx.InvalidURL as cause:
            raise ReplayStopped(f"The address cannot be used: {cause}.") from cause
        else:
            if response.status_code == _CREATED:
                return _check(invoice, response)
            problem = _problem_of(response)
            reason = f"{response.status_code} {problem.get('code', '')}".strip()
            if response.status_code in (_UNAUTHORIZED, _FORBIDDEN):
                raise TokenRefused(f"The shop refused the token: {problem.get('detail', reason)}")
            # With Retry-After the shop asks for another try; 5xx without it may be a proxy in front of it.
            retry_after = response.headers.get("retry-after", "")
            if not retry_after and response.status_code < _SERVER_ERROR:
                return Answered(
                    invoice=invoice,
                    code=str(problem.get("code", response.status_code)),
                    detail=str(problem.get("detail", "The shop gave no reason.")),
                )
            if retry_after.isdigit():
                wait_s = min(max(float(retry_after), 0.05), _WAIT_MAX_S)
        if tried + 1 < TRIES_MAX:
            on_wait(reason)
            await asyncio.sleep(wait_s)
    raise ReplayStopped(f"The shop did not take invoice {invoice.number} in {TRIES_MAX} tries; the last: {reason}.")


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


def _check(invoice: Invoice, response: httpx.Response) -> Answered:
    total = response.json().get("total")
    if total != {"amount": invoice.total, "currency": CURRENCY}:
        raise ReplayStopped(f"The shop took invoice {invoice.number} at another total: {total}.")
    return Answered(invoice=invoice, is_repeat=response.headers.get("idempotency-replayed") == "true")


def _problem_of(response: httpx.Response) -> dict[str, Any]:
    try:
        problem = response.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
