"""How Stripe's SDK reaches Stripe: by our own calls, with their limits, and telling no more than a call needs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe
from stripe import _util as sdk_util

from evertill.domains.payments import ProviderRefused, ProviderUnavailable
from evertill.kernel.errors import EvertillError
from evertill.outside.caller import Caller

# What Stripe understood and refuses for good. 401 and 403 are about our key, 409 and 429 about this moment, and 5xx is
# no answer: there the outcome is unknown.
_REFUSALS = (400, 402, 404)
_NOT_FOUND = 404
_USER_AGENT = "Evertill"
_TOLD = frozenset({"authorization", "content-type", "idempotency-key", "stripe-version"})
# https://docs.stripe.com/keys: no such text belongs into a message.
_SECRET = re.compile(r"\b(?:[srp]k|rk|whsec|mk)_\w+")
_MESSAGE_CHARS_MAX = 200

# Neither how long calls took nor what machine this is.
stripe.enable_telemetry = False
# Its log has the bodies of calls, also on standard error where a variable of the environment asks for it.
sdk_util.STRIPE_LOG = None
logging.getLogger("stripe").setLevel(logging.WARNING)


class NotThere(ProviderRefused):
    """Stripe has nothing under this id."""


class KeyTaken(ProviderUnavailable):
    """The idempotency key was used for another body before; what that one became still stands."""


class Transport(stripe.HTTPClient):
    """The SDK's way out. It does not try again by itself: whoever calls us does, at his time."""

    name = "evertill"

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self._caller = caller

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,  # noqa: ANN401 — as the SDK has it; for us a text.
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """This function will make one call; raises ProviderUnavailable when it is not answered."""
        told = {name: value for name, value in (headers or {}).items() if name.lower() in _TOLD}
        answer = self._caller.exchange(
            method, url, headers=told | {"User-Agent": _USER_AGENT}, content=(post_data or "").encode()
        )
        # Other headers are for the SDK's retries, notices and telemetry; this one finds a call in Stripe's log.
        return answer.body.decode(errors="replace"), answer.status, {"request-id": answer.headers.get("request-id", "")}


@contextmanager
def translated() -> Iterator[None]:
    """Stripe's failures as ours: ProviderRefused for what it refuses for good, ProviderUnavailable for the rest."""
    try:
        yield
    except stripe.StripeError as error:
        # Without the cause, which carries the whole answer.
        raise _as_ours(error) from None


def _as_ours(error: stripe.StripeError) -> EvertillError:
    if isinstance(error, stripe.IdempotencyError):
        return KeyTaken("Stripe knows this key with another body.")
    if error.http_status in _REFUSALS and not isinstance(error, stripe.RateLimitError):
        told = _SECRET.sub("…", f"{error.code or 'refused'}: {error.user_message or ''}")[:_MESSAGE_CHARS_MAX]
        return NotThere(told) if error.http_status == _NOT_FOUND else ProviderRefused(told)
    return ProviderUnavailable(f"Stripe answers {error.http_status}: {type(error).__name__}.")
