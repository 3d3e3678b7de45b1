"""Buyers who write down what they asked for and what they were told, and who never give up on a key."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.kernel.waiting import until
from tests.shop import Shop

_TIMEOUT_SECONDS = 60.0
# What tells a buyer to ask again: nobody knows yet, or not now.
AGAIN = {"IDEMPOTENCY_KEY_IN_FLIGHT", "OUTCOME_UNKNOWN", "DATABASE_UNAVAILABLE", "DATABASE_BUSY", "OVERLOADED"}


@dataclass(slots=True, kw_only=True)
class Wish:
    """What was asked for under one key, and all that was answered so far."""

    key: str
    cart: Mapping[str, int]
    cancels: bool = False
    # 201's body, or the problem that is final; None while nobody knows.
    placed: dict[str, Any] | None = None
    refused: dict[str, Any] | None = None
    is_cancelled: bool = False
    tries: int = 0

    @property
    def is_open(self) -> bool:
        return (self.placed is None and self.refused is None) or self._waits_for_cancellation

    @property
    def _waits_for_cancellation(self) -> bool:
        return self.cancels and self.placed is not None and not self.is_cancelled


@dataclass(slots=True)
class Buyer:
    """One buyer with one connection, which he opens anew whenever it breaks."""

    shop: Shop
    faults: list[str] = field(default_factory=list)
    _connection: http.client.HTTPConnection | None = None

    def pursue(self, wish: Wish) -> None:
        """Ask once for what is still open; note an answer that must not be as a fault."""
        wish.tries += 1
        if wish.placed is None and wish.refused is None:
            self._place(wish)
        elif wish.is_open:
            self._cancel(wish)

    def place_again(self, wish: Wish) -> tuple[int, Any] | None:
        """Send the same request once more, whatever was answered before; None when there was no answer."""
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in wish.cart.items()]
        body = {"lines": lines, "currency": "GBP", "contact": {"email": "buyer@example.com"}}
        return self._send("/api/v1/orders", {"Idempotency-Key": wish.key}, body)

    def _place(self, wish: Wish) -> None:
        answer = self.place_again(wish)
        if answer is None:
            return
        status, body = answer
        if status == http.HTTPStatus.CREATED:
            wish.placed = body
        elif body.get("code") == "SOLD_OUT":
            wish.refused = body
        elif body.get("code") not in AGAIN:
            self.faults.append(f"{wish.key}: placing was answered {status} {body}")

    def _cancel(self, wish: Wish) -> None:
        assert wish.placed is not None
        path = f"/api/v1/orders/{wish.placed['number']}/cancel"
        answer = self._send(path, {"Authorization": f"Bearer {wish.placed['access_token']}"}, {})
        if answer is None:
            return
        status, body = answer
        if status in (http.HTTPStatus.OK, http.HTTPStatus.CREATED) or body.get("code") == "ALREADY_CANCELLED":
            wish.is_cancelled = True
        elif body.get("code") not in AGAIN:
            self.faults.append(f"{wish.key}: cancelling was answered {status} {body}")

    def _send(self, path: str, headers: Mapping[str, str], body: Any) -> tuple[int, Any] | None:
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.shop.port, timeout=_TIMEOUT_SECONDS)
            everything = {"Content-Type": "application/json", **headers}
            self._connection.request("POST", path, json.dumps(body), everything)
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            self.close()
            return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass(slots=True, kw_only=True)
class Crowd:
    """Some buyers at work; each has a seed of its own, and so the same wishes whatever happens to the shop."""

    shop: Shop
    seed: str
    buyers: int
    scarce: list[str]
    plenty: list[str]
    wishes: list[Wish] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _enough: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for number in range(self.buyers):
            thread = threading.Thread(target=self._buy, args=(number,), name=f"buyer-{number}")
            self._threads.append(thread)
            thread.start()

    def finish(self) -> None:
        """Let everybody finish what is under way."""
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def pursue_all(self) -> None:
        """Have every wish that is open answered for good."""
        buyer = Buyer(self.shop, self.faults)
        for wish in self.wishes:
            until(partial(_settled, buyer, wish), seconds=240)
        buyer.close()

    def _buy(self, number: int) -> None:
        dice = random.Random(f"{self.seed}/{number}")
        buyer = Buyer(self.shop, self.faults)
        count = 0
        while not self._enough.is_set():
            # Nothing scarce is ever cancelled, so that what was sold out stays sold out.
            goods = self.scarce if dice.random() < 0.3 else self.plenty
            cart = {sku: dice.randint(1, 3) for sku in dice.sample(goods, dice.randint(1, 3))}
            cancels = goods is self.plenty and dice.random() < 0.15
            wish = Wish(key=f"{self.seed}/{number}/{count}", cart=cart, cancels=cancels)
            count += 1
            self.wishes.append(wish)
            for _ in range(1 + dice.randint(0, 1)):
                buyer.pursue(wish)
            self._enough.wait(dice.random() * 0.01)
        buyer.close()


def _settled(buyer: Buyer, wish: Wish) -> bool:
    if wish.is_open:
        buyer.pursue(wish)
    # A fault ends the exam; asking again would only hide it in its noise.
    return not wish.is_open or bool(buyer.faults)
