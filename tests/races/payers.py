"""Customers who pay through Sandbox as people do: in time or late, once or twice, or not at all.

Each has a course of his own, drawn from a seed. He asks again with the same key for as long as anybody would, follows
the link that he is given, and fills in the form that he finds there; what becomes of his money is for the shop to see.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.shop import Shop

_TIMEOUT_SECONDS = 60.0
# How often somebody asks again before he walks away, and how long he waits in between.
_TRIES_MAX = 60
_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.4)


class Course(StrEnum):
    """What a customer does about his order."""

    PAYS = "pays"
    SCANS = "scans the QR code"
    WAITS = "pays by a bank that takes its time"
    PROVES = "passes the bank's question"
    FAILS_PROOF = "fails the bank's question, pays again"
    DECLINED = "is declined, pays again"
    TWICE = "pays two payments"
    ABANDONS = "abandons the payment page"
    CANCELS = "cancels, and pays all the same"
    LATE = "pays after the order has expired"
    NEVER = "never starts to pay"


_SHARES = {
    Course.PAYS: 34,
    Course.SCANS: 10,
    Course.WAITS: 7,
    Course.PROVES: 7,
    Course.FAILS_PROOF: 5,
    Course.DECLINED: 7,
    Course.TWICE: 10,
    Course.ABANDONS: 6,
    Course.CANCELS: 6,
    Course.LATE: 5,
    Course.NEVER: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One payment: what is filled in on its page, if anything, and what the bank is told when it asks."""

    does: Mapping[str, str] | None
    method: str = "sandbox.page"
    proof: str = "approve"


def _card(number: str, *, proof: str = "approve") -> Attempt:
    return Attempt(does={"number": number}, proof=proof)


_GOOD, _SLOW, _DECLINED = _card("4242424242424242"), _card("4000000000101008"), _card("4000000000000002")
_ATTEMPTS: Mapping[Course, Sequence[Attempt]] = {
    Course.PAYS: [_GOOD],
    Course.SCANS: [Attempt(does={"answer": "scan"}, method="sandbox.qr")],
    Course.WAITS: [_SLOW],
    Course.PROVES: [_card("4000000000003220")],
    Course.FAILS_PROOF: [_card("4000000000003220", proof="refuse"), _GOOD],
    Course.DECLINED: [_DECLINED, _GOOD],
    Course.TWICE: [_GOOD, _GOOD],
    Course.ABANDONS: [Attempt(does=None)],
    Course.CANCELS: [_GOOD],
    Course.LATE: [_GOOD],
    Course.NEVER: [],
}


class WalkedAway(Exception):
    """The customer asked as often as anybody would, and gave up."""


@dataclass(slots=True)
class Browser:
    """One customer's connections, opened anew whenever they break."""

    shop: Shop
    dice: random.Random
    tally: Counter[str]
    _connections: dict[int, http.client.HTTPConnection] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """Ask the shop until it is answered with something other than "later"; raises WalkedAway."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for number in range(_TRIES_MAX):
            try:
                status, content, _ = self._send(self.shop.port, method, path, json.dumps(body or {}), named)
                told = json.loads(content)
            except (OSError, http.client.HTTPException):
                self.tally["shop: no answer"] += 1
            else:
                if status != http.HTTPStatus.SERVICE_UNAVAILABLE and told.get("code") != "IDEMPOTENCY_KEY_IN_FLIGHT":
                    return status, told
                self.tally[f"shop: {told['code']}"] += 1
            time.sleep(_PAUSES_S[min(number, len(_PAUSES_S) - 1)] * (0.5 + self.dice.random()))
        raise WalkedAway(f"{method} {path}")

    def fill_in(self, url: str, **form: str) -> str:
        """Send a form of the payment page, as often as it takes to reach it; the address that it leads to."""
        parts = urlsplit(url)
        assert parts.port is not None
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        for number in range(_TRIES_MAX):
            try:
                status, content, where = self._send(parts.port, "POST", parts.path, urlencode(form), kind)
            except (OSError, http.client.HTTPException):
                self.tally["Sandbox: no answer"] += 1
                time.sleep(_PAUSES_S[min(number, len(_PAUSES_S) - 1)])
                continue
            assert status == http.HTTPStatus.SEE_OTHER, (status, content)
            return where
        raise WalkedAway(url)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _send(self, port: int, method: str, path: str, body: str, headers: Mapping[str, str]) -> tuple[int, bytes, str]:
        connection = self._connections.get(port)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
            self._connections[port] = connection
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheader("location", "")
        except (OSError, http.client.HTTPException):
            connection.close()
            del self._connections[port]
            raise


@dataclass(slots=True, kw_only=True)
class Payer:
    """One customer with one order."""

    key: str
    course: Course
    cart: Mapping[str, int]
    dice: random.Random
    # How long one who pays late is away.
    late_s: float
    placed: dict[str, Any] | None = None

    def live(self, browser: Browser) -> Iterator[float]:
        """Do what the course says; each value is how long he is away before he goes on, in seconds."""
        if not self._place(browser):
            return
        attempts = _ATTEMPTS[self.course]
        # Who pays twice has both pages open before he pays on either.
        at_once = 2 if self.course is Course.TWICE else 1
        for first in range(0, len(attempts), at_once):
            open_now = list(attempts[first : first + at_once])
            begun = [self._start(browser, attempt, key=f"{first + n}") for n, attempt in enumerate(open_now)]
            if self.course is Course.CANCELS:
                self._cancel(browser)
            if self.course is Course.LATE:
                yield self.late_s
            for payment, attempt in zip(begun, open_now, strict=True):
                self._pay(browser, payment, attempt)

    def _place(self, browser: Browser) -> bool:
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in self.cart.items()]
        body = {"lines": lines, "currency": "GBP", "contact": {"email": "payer@example.com"}}
        status, told = browser.ask("POST", "/api/v1/orders", body, Idempotency_Key=self.key)
        if status == http.HTTPStatus.CREATED:
            self.placed = told
            return True
        assert told.get("code") == "SOLD_OUT", (status, told)
        browser.tally["sold out"] += 1
        return False

    def _start(self, browser: Browser, attempt: Attempt, *, key: str) -> dict[str, Any] | None:
        """Begin a payment, or find that there is nothing to be paid any more."""
        order = self._order
        status, told = browser.ask(
            "POST", f"/api/v1/orders/{order['number']}/payments", {"method": attempt.method},
            Idempotency_Key=f"{self.key}/{key}", Authorization=f"Bearer {order['access_token']}",
        )  # fmt: skip
        if status == http.HTTPStatus.CREATED:
            browser.tally["payments begun"] += 1
            return told
        assert told.get("code") == "ORDER_NOT_PAYABLE", (status, told)
        return None

    def _pay(self, browser: Browser, payment: dict[str, Any] | None, attempt: Attempt) -> None:
        if attempt.does is None:
            return
        if payment is None or payment["next"] is None:
            browser.tally["no page to pay on"] += 1
            return
        page = payment["next"]["value"]
        where = browser.fill_in(page, expiry="12 / 34", cvc="123", **attempt.does)
        if where.endswith("/challenge"):
            browser.fill_in(f"{page}/challenge", answer=attempt.proof)
        # A third of all customers never come back to the shop.
        if self.dice.random() < 0.66:
            token = urlencode({"access_token": self._order["access_token"]})
            browser.ask("GET", f"/api/v1/orders/{payment['order']}/payments/{payment['number']}?{token}")

    def _cancel(self, browser: Browser) -> None:
        order = self._order
        status, told = browser.ask(
            "POST", f"/api/v1/orders/{order['number']}/cancel", Authorization=f"Bearer {order['access_token']}"
        )
        assert status < 300 or told.get("code") in {"ALREADY_CANCELLED", "CANNOT_CANCEL"}, (status, told)

    @property
    def _order(self) -> dict[str, Any]:
        assert self.placed is not None
        return self.placed


@dataclass(slots=True, kw_only=True)
class Public:
    """All customers of one exam, served by some threads; each customer has a seed of his own."""

    shop: Shop
    seed: str
    orders: int
    threads: int
    goods: list[str]
    scarce: list[str]
    late_s: float
    # How many may begin in a second, so that the faults have time to strike; 0 for as many as can.
    pace: float = 0
    tally: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    done: int = 0
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next: int = 0
    _began: float = 0

    def start(self) -> None:
        self._began = time.monotonic()
        for number in range(self.threads):
            thread = threading.Thread(target=self._serve, name=f"payer-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def is_served(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def finish(self, *, seconds: float) -> None:
        """Wait until everybody has done what he came for."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.1))
        assert self.is_served, f"{self.done} of {self.orders} customers were served in {seconds} s"

    def _serve(self) -> None:
        away: list[tuple[float, Payer, Browser, Iterator[float]]] = []
        tally: Counter[str] = Counter()
        while True:
            number = self._take()
            if number is None:
                break
            dice = random.Random(f"{self.seed}/{number}")
            payer = self._payer(number, dice)
            browser = Browser(self.shop, dice, tally)
            self._go_on(payer, browser, payer.live(browser), away)
            while away and away[0][0] <= time.monotonic():
                _, payer, browser, life = away.pop(0)
                self._go_on(payer, browser, life, away)
        while away:
            due, payer, browser, life = away.pop(0)
            time.sleep(max(due - time.monotonic(), 0))
            self._go_on(payer, browser, life, away)
        with self._lock:
            self.tally += tally

    def _go_on(
        self,
        payer: Payer,
        browser: Browser,
        life: Iterator[float],
        away: list[tuple[float, Payer, Browser, Iterator[float]]],
    ) -> None:
        try:
            for pause in life:
                # All are away for the same time, so the list stays in the order in which they come back.
                away.append((time.monotonic() + pause, payer, browser, life))
                browser.close()
                return
        except WalkedAway:
            browser.tally["walked away"] += 1
        except Exception as error:  # noqa: BLE001 — a customer who was answered wrongly is a fault of the exam's.
            self.faults.append(f"{payer.key} ({payer.course}): {error!r}")
        browser.close()
        browser.tally[f"course: {payer.course}"] += 1
        with self._lock:
            self.done += 1

    def _take(self) -> int | None:
        with self._lock:
            if self._next >= self.orders or self.faults:
                return None
            number = self._next
            self._next += 1
        if self.pace:
            time.sleep(max(self._began + number / self.pace - time.monotonic(), 0))
        return number

    def _payer(self, number: int, dice: random.Random) -> Payer:
        course = dice.choices(list(_SHARES), list(_SHARES.values()))[0]
        # Who pays too late may find that others have bought the goods.
        goods = self.scarce if course in (Course.CANCELS, Course.LATE) and dice.random() < 0.5 else self.goods
        cart = {sku: dice.randint(1, 3) for sku in dice.sample(goods, dice.randint(1, 2))}
        return Payer(key=f"{self.seed}/{number}", course=course, cart=cart, dice=dice, late_s=self.late_s)
