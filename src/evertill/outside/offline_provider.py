"""Money that staff see come and go: a bank transfer, cash on collection. Nobody is called, and nobody can be asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from evertill.domains.payments import (
    BillLine,
    Capability,
    DisputeTruth,
    Intent,
    Next,
    Notice,
    ProviderRefused,
    Refund,
    State,
    Truth,
    WebhookForged,
)
from evertill.kernel.errors import ConfigError

# With the payment's number and amount in their places, the text must fit into its column.
_INSTRUCTIONS_CHARS_MAX = 1_900


class OfflineProvider:
    """A provider whose word is that of staff, told through the journeys confirm_payment and confirm_refund."""

    capabilities = Capability.OFFLINE | Capability.PARTIAL_REFUND
    # It has no bill.
    utc_offset = dt.timedelta(0)
    is_available = True
    acknowledgement = None

    def __init__(self, *, name: str, instructions: str, patience_s: int) -> None:
        if len(instructions) > _INSTRUCTIONS_CHARS_MAX:
            raise ConfigError(
                f"EVERTILL_{name.upper()}_INSTRUCTIONS has {len(instructions)} signs;"
                f" it takes at most {_INSTRUCTIONS_CHARS_MAX}."
            )
        self.name = name
        self.patience_s = patience_s
        self._instructions = instructions

    def start(self, *, intent: Intent, return_url: str, client_ip: str) -> Truth:  # noqa: ARG002 — nobody leaves the shop.
        """This function will tell the customer what to do, with the payment's number to name."""
        return self._waiting(intent)

    def fetch(self, *, intent: Intent) -> Truth:
        """This function will say that the money has not come, as far as anybody knows."""
        return self._waiting(intent)

    def capture(self, *, intent: Intent) -> Truth:
        """This function will refuse: no payment here is ever merely authorised."""
        raise ProviderRefused(f"{intent.number} is not authorised.")

    def cancel(self, *, intent: Intent) -> Truth:  # noqa: ARG002 — the same for each.
        """This function will end the wait. Money that comes later is still confirmed, and counts as late."""
        return Truth(state=State.CANCELLED, reason="nobody confirmed the money in time")

    def refund(self, *, intent: Intent, refund: Refund) -> str:  # noqa: ARG002 — it is the same for each.
        """This function will refuse: staff send the money, and say so."""
        raise ProviderRefused(f"{refund.number} has to be sent by hand.")

    def read_webhook(self, *, headers: Mapping[bytes, bytes], body: bytes, now: dt.datetime) -> Notice:  # noqa: ARG002
        """This function will refuse whatever comes, because nobody would send it."""
        raise WebhookForged("Nobody sends webhooks about this.")

    def disputes(self, *, intent: Intent) -> Sequence[DisputeTruth]:  # noqa: ARG002 — there are none.
        """This function will return nothing: what is confirmed here is not disputed through us."""
        return []

    def list(self, *, date: dt.date) -> Iterator[BillLine]:  # noqa: ARG002 — there is none.
        """This function will give nothing: the bill is the bank's statement, or the till."""
        return iter(())

    def close(self) -> None:
        """This function will do nothing: there is no connection."""

    def _waiting(self, intent: Intent) -> Truth:
        text = self._instructions.replace("{amount}", str(intent.expected))
        named = text.replace("{number}", intent.number)
        # Without the number nobody could tell whose money it is.
        told = named if intent.number in named else f"{named}\n{intent.number}"
        return Truth(state=State.PENDING, next=Next(kind="instructions", value=told))
