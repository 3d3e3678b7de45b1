"""Stripe as a payment provider: Checkout's page, so that no card number ever comes near the shop (PCI DSS, SAQ A).

A payment is a Checkout Session until money was taken, and a PaymentIntent from then on; `provider_id` is the id of
whichever it is. Our number of the payment travels as `client_reference_id` and in the metadata of both.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import stripe

from evertill.domains.payments import (
    BillLine,
    Capability,
    DisputeStanding,
    DisputeTruth,
    Intent,
    Next,
    Notice,
    ProviderRefused,
    ProviderUnavailable,
    Refund,
    State,
    Truth,
)
from evertill.kernel import ids
from evertill.kernel.config import Config
from evertill.kernel.money import Money
from evertill.outside import stripe_bill, stripe_webhook
from evertill.outside.caller import Caller
from evertill.outside.stripe_transport import KeyTaken, NotThere, Transport, translated
from evertill.outside.stripe_units import NotInStripesUnits, from_stripe, to_stripe
from evertill.outside.stripe_webhook import PAYMENT

# Where our number of a refund travels.
_REFUND = "evertill_refund"
_SESSION_SIGN = "cs_"
# Checkout's page stays open for 30 minutes to 24 hours from when it is made, which may be some time after our payment.
# Within that, with room for clocks that differ.
_OPEN_S_MIN, _OPEN_S_MAX = 3_600, 85_800
_CLOCKS_DIFFER_S = 300
_PAGE = 100
# A line of the balance comes with what it is about, and a page must stay far below `provider_answer_bytes_max`.
_BILL_PAGE = 50
# How many of the pages that were made at a payment's time are looked through for it.
_LOOKED_THROUGH_MAX = 5_000
_LISTED_MAX = 1_000

# https://docs.stripe.com/payments/paymentintents/lifecycle; what is not here waits for somebody.
_STATES = {
    "succeeded": State.CAPTURED,
    "requires_capture": State.AUTHORIZED,
    "requires_payment_method": State.FAILED,
    "canceled": State.CANCELLED,
}
_DISPUTES = {"won": DisputeStanding.WON, "lost": DisputeStanding.LOST}
# Questions of the bank, for which no money is held back, and disputes that never came to be.
_NO_DISPUTE = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented")
_REFUND_FAILED = ("failed", "canceled")


class StripeProvider:
    """Stripe, called through its own SDK and our limits."""

    name = "stripe"
    utc_offset = dt.timedelta(0)
    acknowledgement = None
    capabilities = Capability.PAGE | Capability.PARTIAL_REFUND | Capability.DISPUTES | Capability.BILL

    def __init__(self, *, url: str, key: str, webhook_secrets: Sequence[str], settings: Config) -> None:
        self.patience_s = settings.payment_s
        self._age_s_max = settings.webhook_age_s
        self._secrets = tuple(webhook_secrets)
        self._caller = Caller(name="Stripe", url=url, settings=settings)
        client = stripe.StripeClient(
            key, base_addresses={"api": url}, http_client=Transport(self._caller), max_network_retries=0
        )
        self._api = client.v1

    @property
    def is_available(self) -> bool:
        """Whether Stripe would be called now."""
        return self._caller.is_available

    def start(self, *, intent: Intent, return_url: str, client_ip: str) -> Truth:  # noqa: ARG002 — of no use here.
        """This function will open a page to pay on. The payment's number is the key under which that happens once.

        Stripe forgets a key after a day; by then `expires_at`, which never changes, is past, and a new page is refused.
        """
        amount = _counted(intent.expected)
        open_s = min(max(self.patience_s, _OPEN_S_MIN), _OPEN_S_MAX)
        product: Any = {"name": f"Order {ids.to_number(intent.order_id)}"}
        price: Any = {"currency": intent.expected.currency.lower(), "unit_amount": amount, "product_data": product}
        try:
            with translated():
                session = self._api.checkout.sessions.create(
                    params={
                        "mode": "payment",
                        "client_reference_id": intent.number,
                        "metadata": {PAYMENT: intent.number},
                        "line_items": [{"quantity": 1, "price_data": price}],
                        # Taken at once, so that the fee is known with the money.
                        "payment_intent_data": {"capture_method": "automatic", "metadata": {PAYMENT: intent.number}},
                        # The amount and currency of the order, and no other.
                        "adaptive_pricing": {"enabled": False},
                        "success_url": return_url,
                        "cancel_url": return_url,
                        "expires_at": int(intent.created_at.timestamp()) + open_s,
                    },
                    options={"idempotency_key": intent.number},
                )
        except KeyTaken:
            # It was opened under other settings before, and stands as it is.
            found = self._find(intent)
            if found is None:
                raise
            return _of_session(found, intent)
        return _of_session(session.to_dict(), intent)

    def fetch(self, *, intent: Intent) -> Truth | None:
        """This function will tell how a payment stands, found by its number where the answer of `start` was lost."""
        if intent.provider_id and not intent.provider_id.startswith(_SESSION_SIGN):
            return self._fetch_taken(intent)
        found = self._session(intent.provider_id) if intent.provider_id else self._find(intent)
        return None if found is None else _of_session(found, intent)

    def capture(self, *, intent: Intent) -> Truth:
        """This function will take authorised money; our pages take it at once, so this is for what others changed."""
        session = self._session(intent.provider_id)
        with translated():
            self._api.payment_intents.capture(
                session["payment_intent"]["id"], options={"idempotency_key": f"{intent.number} capture"}
            )
        return _of_session(self._session(intent.provider_id), intent)

    def cancel(self, *, intent: Intent) -> Truth:
        """This function will close the page, or tell what came first."""
        try:
            with translated():
                closed = self._api.checkout.sessions.expire(intent.provider_id, params={"expand": [_EXPANDED]})
        except ProviderRefused:
            return _of_session(self._session(intent.provider_id), intent)
        return _of_session(closed.to_dict(), intent)

    def refund(self, *, intent: Intent, refund: Refund) -> str:
        """This function will give money back. The refund's number is its key, and is looked for first.

        Stripe forgets a key after a day, and a refund may be asked for again later than that.
        """
        if intent.captured is None:
            raise ProviderRefused(f"{intent.number} has taken nothing.")
        amount = _counted(Money(amount=refund.amount, currency=intent.captured.currency))
        with translated():
            listed = self._api.refunds.list(params={"payment_intent": intent.provider_id, "limit": _PAGE})
            others = (other.to_dict() for other in itertools.islice(listed.auto_paging_iter(), _LISTED_MAX))
            made = next((other for other in others if _metadata(other).get(_REFUND) == refund.number), None)
            if made is None:
                made = self._api.refunds.create(
                    params={
                        "payment_intent": intent.provider_id,
                        "amount": amount,
                        "metadata": {PAYMENT: intent.number, _REFUND: refund.number},
                    },
                    options={"idempotency_key": refund.number},
                ).to_dict()
        if made.get("status") in _REFUND_FAILED:
            raise ProviderRefused(f"{made.get('failure_reason') or made['status']}: Stripe could not give it back.")
        return str(made["id"])

    def read_webhook(self, *, headers: Mapping[bytes, bytes], body: bytes, now: dt.datetime) -> Notice:
        """This function will verify `Stripe-Signature` and tell what the event is about."""
        return stripe_webhook.read_webhook(
            headers=headers, body=body, secrets=self._secrets, age_s_max=self._age_s_max, now=now
        )

    def disputes(self, *, intent: Intent) -> Sequence[DisputeTruth]:
        """This function will tell the disputes about money that was taken."""
        with translated():
            listed = self._api.disputes.list(params={"payment_intent": intent.provider_id, "limit": _PAGE})
        return [_dispute(one.to_dict()) for one in listed.data if one.status not in _NO_DISPUTE]

    def list(self, *, date: dt.date) -> Iterator[BillLine]:
        """This function will read what moved the balance on a UTC day, page by page, the newest first."""
        begin = int(dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC).timestamp())
        with translated():
            listed = self._api.balance_transactions.list(
                params={
                    "created": {"gte": begin, "lt": begin + 86_400},
                    "limit": _BILL_PAGE,
                    "expand": ["data.source"],
                }
            )
            for transaction in listed.auto_paging_iter():
                yield from stripe_bill.lines_of(transaction.to_dict())

    def close(self) -> None:
        """This function will close the connections to Stripe."""
        self._caller.close()

    def _session(self, session_id: str) -> dict[str, Any]:
        try:
            with translated():
                return self._api.checkout.sessions.retrieve(session_id, params={"expand": [_EXPANDED]}).to_dict()
        except NotThere:
            raise ProviderUnavailable("Stripe does not know its own page; is the key another account's?") from None

    def _fetch_taken(self, intent: Intent) -> Truth:
        with translated():
            taken = self._api.payment_intents.retrieve(
                intent.provider_id, params={"expand": ["latest_charge.balance_transaction"]}
            )
        return _of_payment(taken.to_dict(), intent, provider_id=intent.provider_id)

    def _find(self, intent: Intent) -> dict[str, Any] | None:
        """Look through the pages that were made since the payment was; Stripe does not search by our number.

        Nearly always it was made at once, so those of the first minutes come first.
        """
        since = int(intent.created_at.timestamp()) - _CLOCKS_DIFFER_S
        soon, last = since + 3 * _CLOCKS_DIFFER_S, since + 2 * _CLOCKS_DIFFER_S + _OPEN_S_MAX
        made = itertools.chain(self._made(since, soon), self._made(soon, last))
        with translated():
            for session in itertools.islice(made, _LOOKED_THROUGH_MAX):
                if session.client_reference_id == intent.number:
                    return self._session(session.id)
            if next(made, None) is not None:
                raise ProviderUnavailable("There are too many pages at Stripe to look through.")
        return None

    def _made(self, begin: int, end: int) -> Iterator[stripe.checkout.Session]:
        params: Any = {"created": {"gte": begin, "lt": end}, "limit": _PAGE}
        yield from self._api.checkout.sessions.list(params=params).auto_paging_iter()


_EXPANDED = "payment_intent.latest_charge.balance_transaction"


def _counted(money: Money) -> int:
    try:
        return to_stripe(money)
    except NotInStripesUnits as error:
        raise ProviderRefused(error.detail) from None


def _of_session(told: Mapping[str, Any], intent: Intent) -> Truth:
    try:
        if told["client_reference_id"] != intent.number:
            raise ProviderUnavailable("Stripe tells of another payment.")
        session_id, status, payment = str(told["id"]), told["status"], told["payment_intent"]
        if status == "open":
            return Truth(
                state=State.PENDING, provider_id=session_id, next=Next(kind="redirect", value=str(told["url"]))
            )
        if status == "expired":
            reason = _reason(payment)
            state = State.FAILED if reason else State.CANCELLED
            return Truth(state=state, provider_id=session_id, reason=reason or "nobody paid")
        return _of_payment(payment, intent, provider_id=session_id)
    except (KeyError, TypeError, AttributeError) as error:
        raise ProviderUnavailable("Stripe tells something else than it describes.") from error


def _of_payment(told: Mapping[str, Any], intent: Intent, *, provider_id: str) -> Truth:
    try:
        if told["metadata"].get(PAYMENT) != intent.number:
            raise ProviderUnavailable("Stripe tells of another payment.")
        state = _STATES.get(told["status"], State.PENDING)
        if state is not State.CAPTURED:
            reason = _reason(told) if state is State.FAILED else ""
            return Truth(state=state, provider_id=provider_id, reason=reason)
        captured = from_stripe(told["amount_received"], currency=told["currency"])
        return Truth(state=state, provider_id=str(told["id"]), captured=captured, fee=_fee(told))
    except (KeyError, TypeError, AttributeError, NotInStripesUnits) as error:
        raise ProviderUnavailable("Stripe tells something else than it describes.") from error


def _fee(payment: Mapping[str, Any]) -> int:
    """Return the fee in the currency that was taken; 0 where it is none of that, so that only the bill tells of it."""
    moved = (payment.get("latest_charge") or {}).get("balance_transaction")
    if not isinstance(moved, dict) or moved["currency"] != payment["currency"]:
        return 0
    try:
        return from_stripe(moved["fee"], currency=moved["currency"]).amount
    except NotInStripesUnits:
        # Money that came is never kept waiting for its fee.
        return 0


def _reason(payment: object) -> str:
    """Return why the last try to pay failed, in Stripe's words for a program."""
    error = payment.get("last_payment_error") if isinstance(payment, dict) else None
    return str(error.get("decline_code") or error.get("code") or "failed") if isinstance(error, dict) else ""


def _dispute(told: Mapping[str, Any]) -> DisputeTruth:
    try:
        due = (told.get("evidence_details") or {}).get("due_by")
        # What it cost when the money was withdrawn; the second transaction, if any, gives that back.
        fees = [int(moved["fee"]) for moved in told["balance_transactions"] if moved["currency"] == told["currency"]]
        fee = sum(fee for fee in fees if fee > 0)
        return DisputeTruth(
            provider_id=str(told["id"]),
            standing=_DISPUTES.get(told["status"], DisputeStanding.OPEN),
            amount=from_stripe(told["amount"], currency=told["currency"]),
            fee=from_stripe(fee, currency=told["currency"]).amount,
            reason=str(told["reason"]),
            evidence_due_at=dt.datetime.fromtimestamp(due, tz=dt.UTC) if due else None,
        )
    except (KeyError, TypeError, NotInStripesUnits) as error:
        raise ProviderUnavailable("Stripe tells something else than it describes.") from error


def _metadata(told: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = told.get("metadata")
    return metadata if isinstance(metadata, dict) else {}
