"""A payment provider in memory: as truthful as the real ones, as faulty as a test wants, and at hand at once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

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
    WebhookForged,
)
from evertill.kernel.money import Money


@dataclass(slots=True, kw_only=True)
class Twin:
    """Keeps payments by their numbers. Calls that came are counted by verb."""

    name: str = "twin"
    capabilities: Capability = Capability.PAGE | Capability.QR | Capability.PARTIAL_REFUND
    patience_s: int = 3600
    is_available: bool = True
    acknowledgement: Acknowledgement | None = None
    utc_offset: dt.timedelta = dt.timedelta(0)
    payments: dict[str, Truth] = field(default_factory=dict)
    refunds: dict[str, int] = field(default_factory=dict)
    # By the number of the payment, and by day.
    disputed: dict[str, list[DisputeTruth]] = field(default_factory=dict)
    bills: dict[dt.date, list[BillLine]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    # Verbs that do not answer; with `does_it_anyway` they do what they were asked before they fall silent.
    silent: set[str] = field(default_factory=set)
    does_it_anyway: bool = False
    refuses: set[str] = field(default_factory=set)
    # What each payment is as soon as it starts.
    at_once: State = State.PENDING
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pay(self, intent: Intent, *, amount: int | None = None, currency: str | None = None, fee: int = 0) -> None:
        """The customer pays."""
        self._set(
            intent.number,
            state=State.CAPTURED,
            captured=Money(
                amount=intent.expected.amount if amount is None else amount,
                currency=currency or intent.expected.currency,
            ),
            fee=fee,
            next=None,
        )

    def end(self, intent: Intent, state: State, *, reason: str = "") -> None:
        """The payment ends without money."""
        self._set(intent.number, state=state, reason=reason, next=None)

    def start(self, *, intent: Intent, return_url: str, client_ip: str) -> Truth:
        self._hear("start", will_do=lambda: self._begin(intent))
        return self._begin(intent)

    def fetch(self, *, intent: Intent) -> Truth | None:
        self._hear("fetch")
        return self.payments.get(intent.number)

    def capture(self, *, intent: Intent) -> Truth:
        self._hear("capture", will_do=lambda: self.pay(intent))
        self.pay(intent)
        return self.payments[intent.number]

    def cancel(self, *, intent: Intent) -> Truth:
        self._hear("cancel")
        if self.payments[intent.number].state is State.PENDING:
            self.end(intent, State.CANCELLED)
        return self.payments[intent.number]

    def refund(self, *, intent: Intent, refund: Refund) -> str:
        self._hear("refund", will_do=lambda: self._give_back(intent, refund))
        self._give_back(intent, refund)
        return f"ref_{refund.number}"

    def read_webhook(self, *, headers: Mapping[bytes, bytes], body: bytes, now: dt.datetime) -> Notice:
        if headers.get(b"signed") != b"yes":
            raise WebhookForged("Not signed.")
        event_id, _, reference = body.decode().partition(" ")
        return Notice(event_id=event_id, reference=reference)

    def disputes(self, *, intent: Intent) -> Sequence[DisputeTruth]:
        self._hear("disputes")
        return self.disputed.get(intent.number, [])

    def list(self, *, date: dt.date) -> Iterator[BillLine]:
        self._hear("list")
        return iter(self.bills.get(date, []))

    def _begin(self, intent: Intent) -> Truth:
        with self.lock:
            if intent.number not in self.payments:
                self.payments[intent.number] = Truth(
                    state=self.at_once,
                    provider_id=f"pay_{intent.number}",
                    captured=intent.expected if self.at_once is State.CAPTURED else None,
                    next=Next(kind="redirect", value=f"https://pay.example/{intent.number}"),
                )
            return self.payments[intent.number]

    def _give_back(self, intent: Intent, refund: Refund) -> None:
        with self.lock:
            captured = self.payments[intent.number].captured
            others = sum(amount for name, amount in self.refunds.items() if name.startswith(intent.number))
            name = f"{intent.number} {refund.number}"
            if name not in self.refunds:
                assert captured is not None
                assert others + refund.amount <= captured.amount, "more than was captured"
                self.refunds[name] = refund.amount

    def _set(self, number: str, **changes: object) -> None:
        with self.lock:
            self.payments[number] = msgspec.structs.replace(self.payments[number], **changes)

    def _hear(self, verb: str, *, will_do: object = None) -> None:
        self.calls.append(verb)
        if verb in self.refuses:
            raise ProviderRefused("No.")
        if verb in self.silent:
            if self.does_it_anyway and callable(will_do):
                will_do()
            raise ProviderUnavailable("No answer.")
