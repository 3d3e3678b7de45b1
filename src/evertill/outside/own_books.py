"""The shop's own books as a payment provider: prepaid balances. Nobody is called; money moves where it is asked for.

A payment from a balance is written as captured by the journey that makes it, so there is nothing to begin, to follow or
to cancel here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from evertill.domains.payments import (
    BillLine,
    Capability,
    DisputeTruth,
    Intent,
    Notice,
    ProviderRefused,
    Refund,
    Truth,
    WebhookForged,
)


class BalanceProvider:
    """Pays from and refunds to prepaid balances."""

    name = "balance"
    capabilities = Capability.INSTANT | Capability.PARTIAL_REFUND
    # Nothing of it ever waits.
    patience_s = 0
    # It has no bill.
    utc_offset = dt.timedelta(0)
    is_available = True
    acknowledgement = None

    def start(self, *, intent: Intent, return_url: str, client_ip: str) -> Truth:  # noqa: ARG002
        """This function will refuse: a balance pays at once or not at all."""
        raise _nothing_waits()

    def fetch(self, *, intent: Intent) -> Truth | None:  # noqa: ARG002
        """This function will know of nothing: what our books do not say did not happen."""
        return None

    def capture(self, *, intent: Intent) -> Truth:  # noqa: ARG002
        """This function will refuse, as start does."""
        raise _nothing_waits()

    def cancel(self, *, intent: Intent) -> Truth:  # noqa: ARG002
        """This function will refuse, as start does."""
        raise _nothing_waits()

    def refund(self, *, intent: Intent, refund: Refund) -> str:  # noqa: ARG002
        """This function will agree: the money goes back by the entry that books the refund, which is named after it."""
        return refund.number

    def read_webhook(self, *, headers: Mapping[bytes, bytes], body: bytes, now: dt.datetime) -> Notice:  # noqa: ARG002
        """This function will refuse: nobody writes to us for our own books."""
        raise WebhookForged("Nobody tells of payments from balances by webhook.")

    def disputes(self, *, intent: Intent) -> Sequence[DisputeTruth]:  # noqa: ARG002
        """This function will tell of none: no bank stands between the customer and his balance."""
        return ()

    def list(self, *, date: dt.date) -> Iterator[BillLine]:  # noqa: ARG002
        """This function will tell nothing: there is nobody to send a bill."""
        return iter(())


def _nothing_waits() -> ProviderRefused:
    return ProviderRefused("A balance pays at once or not at all.")
