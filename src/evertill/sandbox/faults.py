"""Which faults exist, and whether one strikes now: drawn from a seed and a subject, so that a run can be repeated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evertill.kernel.errors import EvertillError

# Where each fault strikes: on a call to the API, on the money when it moves, or on the telling of an event.
CALL = ("slow", "down", "closed", "timeout_after")
MONEY = ("wrong_amount", "wrong_currency", "partial_capture", "dispute_later")
WEBHOOK = ("webhook_lost", "webhook_doubled", "webhook_late", "webhook_forged")
ORDER = ("webhook_out_of_order",)
ALL = (*CALL, *MONEY, *WEBHOOK, *ORDER)

# How long each takes when nobody says, in milliseconds.
DEFAULT_MS: Mapping[str, int] = {
    "slow": 2_000,
    "timeout_after": 30_000,
    "dispute_later": 2_000,
    "webhook_late": 10_000,
    "webhook_out_of_order": 1_500,
}
_SUBJECTS_MAX = 100_000


class UnknownFault(EvertillError):
    """There is no fault of this name."""

    code = "UNKNOWN_FAULT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Faults at random: the probability of each, the seed, and how long they take (None: each its own default)."""

    probability: Mapping[str, float]
    seed: int
    ms: int | None


def check(names: Iterable[str]) -> None:
    """This function will raise UnknownFault for the first name that is none."""
    for name in names:
        if name not in ALL:
            raise UnknownFault(f"'{name[:40]}' is not a fault; there are {', '.join(ALL)}.")


def asked(metadata: Mapping[str, str]) -> frozenset[str]:
    """This function will return the faults a payment asks for in `metadata.fault`, separated by commas."""
    names = frozenset(name.strip() for name in metadata.get("fault", "").split(",") if name.strip())
    check(names)
    return names


class Draw:
    """Remembers how often each subject was tried, so that a fault which struck once need not strike the retry too."""

    def __init__(self) -> None:
        self.mix: Mix | None = None
        self._tries: dict[str, int] = {}

    def strikes(self, names: Iterable[str], *, subject: str, own: frozenset[str]) -> list[str]:
        """This function will return which of `names` strike `subject` now.

        A fault the payment asked for itself (`own`) strikes the first try of each subject; one of the mix strikes each
        try with its probability.
        """
        count = self._tries.get(subject, 0)
        if len(self._tries) >= _SUBJECTS_MAX:
            self._tries.clear()
        self._tries[subject] = count + 1
        probability = self.mix.probability if self.mix else {}
        return [
            name
            for name in names
            if (name in own and count == 0) or self._number(f"{name}:{subject}:{count}") < probability.get(name, 0.0)
        ]

    def ms(self, name: str, metadata: Mapping[str, str]) -> int:
        """This function will return how long a fault takes, in milliseconds."""
        own = metadata.get("fault_ms", "")
        if own.isascii() and own.isdigit():
            return min(int(own), 600_000)
        if self.mix and self.mix.ms is not None:
            return self.mix.ms
        return DEFAULT_MS.get(name, 0)

    def _number(self, subject: str) -> float:
        if self.mix is None:
            return 1.0
        digest = hashlib.sha256(f"{self.mix.seed}:{subject}".encode()).digest()
        return int.from_bytes(digest[:7]) / 2**56
