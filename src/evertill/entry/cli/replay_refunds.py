"""Gives back over HTTP what the returns of a file take back, some at a time."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evertill.journeys.replay_invoices import CURRENCY
from evertill.journeys.replay_returns import Left, NoRefund, PlannedRefund

from .replay_client import LOOKS_MAX, Shop
from .replay_http import ReplayStopped, Reply, Wire, client_of, wait_after, work_through


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What became of one refund: made now, made already (`is_repeat`), or not, and why."""

    refund: PlannedRefund
    is_repeat: bool = False
    why: NoRefund | None = None
    detail: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether somebody has to look at it: a refund of an order that is not paid here is none's failure."""
        return self.why not in {None, NoRefund.NOT_PAID}

    def left(self) -> list[Left]:
        """This function will return the pieces that gave nothing back."""
        if self.why is None:
            return []
        return [Left(part=part, why=self.why, detail=self.detail) for part in self.refund.parts]


async def replay_returns(
    refunds: Sequence[PlannedRefund],
    *,
    shop: Shop,
    orders: Mapping[str, str],
    restock: bool,
    on_answer: Callable[[Given], None],
    on_wait: Callable[[str], None] = lambda _reason: None,
) -> None:
    """This function will ask for refunds of paid orders, which it finds by the invoices they were sold by.

    Raises ReplayStopped when the shop cannot be reached any more, and TokenRefused; a refund that is refused, or not
    made in the end, is an answer.
    """
    client = client_of(shop.url, concurrency=shop.concurrency, token=shop.token, transport=shop.transport)
    wire = Wire(client=client, name="The shop", on_wait=on_wait)

    async def give(refund: PlannedRefund) -> None:
        number = orders.get(refund.sold_by)
        if number is None:
            on_answer(Given(refund=refund, why=NoRefund.NOT_PAID))
        else:
            on_answer(await _give(wire, refund, number=number, restock=restock))

    async with client:
        await work_through(refunds, give, concurrency=shop.concurrency)


def body_of(refund: PlannedRefund, *, restock: bool) -> bytes:
    """This function will write a refund as JSON, the same bytes in every run."""
    pieces = Counter[tuple[str, int]]()
    for part in refund.parts:
        pieces[part.returned.sku, part.returned.unit_price] += part.quantity
    return json.dumps(
        {
            "lines": [
                {"sku": sku, "quantity": quantity, "unit_price": unit_price}
                for (sku, unit_price), quantity in pieces.items()
            ],
            "reason": f"return {refund.invoice}",
            "restock": restock,
        },
        separators=(",", ":"),
    ).encode()


async def _give(wire: Wire, refund: PlannedRefund, *, number: str, restock: bool) -> Given:
    path, about = f"/api/v1/orders/{number}/refunds", f"return {refund.invoice} of invoice {refund.sold_by}"
    headers = {"Idempotency-Key": refund.key, "Content-Type": "application/json"}
    content = body_of(refund, restock=restock)
    is_repeat = False
    for asked in range(LOOKS_MAX):
        reply = await wire.ask("POST", path, about=about, content=content, headers=headers)
        if not reply.is_success:
            return Given(refund=refund, why=NoRefund.REFUSED, detail=f"{reply.code}. {reply.detail}")
        _check(reply, refund, about=about)
        # A refund that this run began is not there already, however often it has to be asked about.
        is_repeat = reply.is_repeat if asked == 0 else is_repeat
        if reply.told["state"] == "SUCCEEDED":
            return Given(refund=refund, is_repeat=is_repeat)
        if reply.told["state"] == "FAILED":
            return Given(refund=refund, why=NoRefund.REFUSED, detail="Sandbox refused it.")
        # Asking again has the shop send it again.
        await asyncio.sleep(wait_after(asked))
    return Given(refund=refund, why=NoRefund.UNFINISHED, detail="The shop goes on by itself.")


def _check(reply: Reply, refund: PlannedRefund, *, about: str) -> None:
    amount = reply.told.get("amount")
    if amount != {"amount": refund.amount, "currency": CURRENCY}:
        raise ReplayStopped(f"The shop gives back another sum for {about}: {amount}.")
