"""Stripe's webhooks: whether one is genuine, and what it is about."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from evertill.domains.payments import Notice, WebhookForeign, WebhookForged, WebhookRefused, WebhookStale

# Where our number of a payment travels through Stripe.
PAYMENT = "evertill_payment"

_SIGNATURES_MAX = 8
_MOMENT_DIGITS_MAX = 12


class _Data(msgspec.Struct):
    object: dict[str, Any]


class _Event(msgspec.Struct):
    id: str
    data: _Data


def read_webhook(
    *, headers: Mapping[bytes, bytes], body: bytes, secrets: Sequence[str], age_s_max: int, now: dt.datetime
) -> Notice:
    """This function will verify `Stripe-Signature` and return what the event is about; raises WebhookRefused.

    Scheme v1 is HMAC-SHA256 over the moment, a full stop and the body (https://docs.stripe.com/webhooks/signature).
    While a secret is rolled, Stripe signs with the old one and the new one, and we may know both: any pair that fits
    will do. A dispute does not carry our number; it is found by the provider's id of the payment.
    """
    moment, given = _parse(headers.get(b"stripe-signature", b""))
    expected = [
        hmac.new(secret.encode(), moment + b"." + body, hashlib.sha256).hexdigest().encode() for secret in secrets
    ]
    # Every pair is compared, so that the time tells nothing.
    fits = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in given]
    if not any(fits):
        raise WebhookForged("The signature is not the provider's.")
    if abs(now.timestamp() - int(moment)) > age_s_max:
        raise WebhookStale("The webhook was signed too long ago.")
    try:
        event = msgspec.json.decode(body, type=_Event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise WebhookRefused("The webhook has another form than the provider describes.") from None
    about = event.data.object
    metadata = about.get("metadata")
    reference = metadata.get(PAYMENT) if isinstance(metadata, dict) else None
    if isinstance(reference, str):
        return Notice(event_id=event.id, reference=reference)
    payment = about.get("payment_intent")
    if about.get("object") == "dispute" and isinstance(payment, str) and payment:
        return Notice(event_id=event.id, reference="", provider_id=payment)
    raise WebhookForeign("This is about no payment of this shop.")


def _parse(header: bytes) -> tuple[bytes, list[bytes]]:
    """Return the moment and the signatures of scheme v1; raises WebhookForged where there is no such header."""
    pairs = [part.strip().partition(b"=") for part in header.split(b",")[: 2 * _SIGNATURES_MAX]]
    moments = [value for name, _, value in pairs if name == b"t"]
    if len(moments) != 1 or not moments[0].isdigit() or len(moments[0]) > _MOMENT_DIGITS_MAX:
        raise WebhookForged("The webhook does not say when it was signed.")
    return moments[0], [value for name, _, value in pairs if name == b"v1"][:_SIGNATURES_MAX]
