"""Who takes money for the shop. Each provider is an object from outside that keeps to one protocol."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Protocol

from evertill.domains.payments.types import (
    Acknowledgement,
    BillLine,
    Capability,
    DisputeTruth,
    Intent,
    Method,
    Notice,
    Refund,
    Truth,
)
from evertill.kernel.errors import EvertillError, Status


class ProviderUnavailable(EvertillError):
    """The payment provider does not answer, or is not called because it did not answer before."""

    code = "PROVIDER_UNAVAILABLE"
    status: ClassVar[Status] = "unavailable"
    kept = "Your order stands, and nothing was paid twice."
    remedy = "Send the same request again in a moment with the same Idempotency-Key, or pay in another way."


class UnknownProvider(ProviderUnavailable):
    """This shop has no payment provider of this name, or not any more."""

    code = "UNKNOWN_PROVIDER"
    status = "not_found"
    remedy = "Set the provider up again; until then its payments stay as they are."


class ProviderRefused(EvertillError):
    """The payment provider understood the call and refuses it for good."""

    code = "PROVIDER_REFUSED"
    status = "conflict"


class UnknownMethod(EvertillError):
    """There is no such method of paying here."""

    code = "UNKNOWN_METHOD"
    remedy = "Choose one of the methods that the answer names."


class WebhookRefused(EvertillError):
    """A webhook is not what the provider's description says."""

    code = "WEBHOOK_MALFORMED"
    status = "malformed"
    remedy = "Compare the address, the secret and the clock of the provider with those of the shop."


class WebhookForged(WebhookRefused):
    """A webhook does not carry the provider's signature."""

    code = "WEBHOOK_FORGED"


class WebhookStale(WebhookRefused):
    """A webhook was signed too long ago, or in the future: somebody may have kept it."""

    code = "WEBHOOK_STALE"


class WebhookForeign(WebhookRefused):
    """A genuine webhook is about no payment of this shop."""

    code = "WEBHOOK_FOREIGN"


class Provider(Protocol):
    """A payment provider. Every call may take seconds, so nobody calls it inside a transaction.

    Each raises ProviderUnavailable when the outcome is unknown, and ProviderRefused when it is a refusal. Repeating a
    call is harmless: the number of the payment or refund counts once.
    """

    @property
    def name(self) -> str:
        """How methods, addresses and the ledger call it."""

    @property
    def capabilities(self) -> Capability:
        """What it can do."""

    @property
    def utc_offset(self) -> dt.timedelta:
        """How far the clock by whose days it bills is ahead of UTC."""

    @property
    def patience_s(self) -> int:
        """Seconds after which a payment that nobody made is cancelled."""

    @property
    def is_available(self) -> bool:
        """Whether it may be called now; it may not for a while after it did not answer. This process's own view."""

    @property
    def acknowledgement(self) -> Acknowledgement | None:
        """What it wants to read when its webhook is kept; None when any answer of success will do."""

    def start(self, *, intent: Intent, return_url: str, client_ip: str) -> Truth:
        """This function will begin a payment, or find the one that was begun under this number.

        `client_ip` is the customer's address, as far as it is known; empty otherwise.
        """

    def fetch(self, *, intent: Intent) -> Truth | None:
        """This function will tell how a payment stands; None when the provider has never heard of it."""

    def capture(self, *, intent: Intent) -> Truth:
        """This function will take the money of an authorised payment, and tell how it stands then."""

    def cancel(self, *, intent: Intent) -> Truth:
        """This function will cancel a payment that nobody made, and tell how it stands then."""

    def refund(self, *, intent: Intent, refund: Refund) -> str:
        """This function will give money back, and return the provider's id of the refund."""

    def read_webhook(self, *, headers: Mapping[bytes, bytes], body: bytes, now: dt.datetime) -> Notice:
        """This function will verify a webhook and tell what it is about; raises WebhookRefused."""

    def disputes(self, *, intent: Intent) -> Sequence[DisputeTruth]:
        """This function will tell every dispute about a payment; none without Capability.DISPUTES."""

    def list(self, *, date: dt.date) -> Iterator[BillLine]:
        """This function will read the bill of a day, as the provider counts days; needs Capability.BILL."""


# Filled once, when a process starts.
_known: dict[str, Provider] = {}

_WAYS = {
    "page": Capability.PAGE,
    "qr": Capability.QR,
    "offline": Capability.OFFLINE,
    "instant": Capability.INSTANT,
}


def register(*providers: Provider) -> None:
    """This function will make these the providers of this process, instead of any before."""
    _known.clear()
    _known.update({provider.name: provider for provider in providers})


def provider(name: str) -> Provider:
    """This function will return a provider by name; raises UnknownProvider when this process has none such."""
    if name not in _known:
        raise UnknownProvider(f"The payment provider '{name[:32]}' is not set up here.")
    return _known[name]


def names() -> Sequence[str]:
    """This function will return the names of the providers of this process."""
    return sorted(_known)


def methods() -> Sequence[str]:
    """This function will return the methods of paying: provider and way, such as `sandbox.qr`."""
    return sorted(
        f"{known.name}.{way}"
        for known in _known.values()
        for way, needed in _WAYS.items()
        if needed in known.capabilities
    )


def read_methods() -> Sequence[Method]:
    """This function will return the methods of paying, and whether each can be used now."""
    return [
        Method(name=method, provider=name, way=way, is_available=_known[name].is_available)
        for method in methods()
        for name, _, way in [method.partition(".")]
    ]


def providers_with(capability: Capability) -> Sequence[str]:
    """This function will return the names of the providers that can do something."""
    return sorted(known.name for known in _known.values() if capability in known.capabilities)


def choose(method: str) -> tuple[Provider, str]:
    """This function will return the provider of a method, and the way of it; raises UnknownMethod."""
    name, _, way = method.partition(".")
    known, needed = _known.get(name), _WAYS.get(way)
    if known is None or needed is None or needed not in known.capabilities:
        raise UnknownMethod(f"'{method[:40]}' is no method of paying here.", methods=methods())
    return known, way
