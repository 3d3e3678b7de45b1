"""Paying through Stripe: its SDK, over HTTP, to localstripe and what that lacks (tests/twins/stripe_twin.py)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import hmac
import json
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec
import pytest

from evertill.domains import disputes, orders, payments
from evertill.domains.payments import (
    BillKind,
    DisputeStanding,
    Ending,
    Intent,
    ProviderRefused,
    ProviderUnavailable,
    RefundState,
    State,
    WebhookForeign,
    WebhookForged,
    WebhookRefused,
    WebhookStale,
)
from evertill.journeys.follow_payments import handle_events, poll_payments
from evertill.journeys.place_orders import Placed
from evertill.journeys.receive_webhooks import Received, Webhook, receive_webhooks
from evertill.journeys.reconcile_bill import reconcile_bill
from evertill.journeys.settle_disputes import settle_disputes
from evertill.journeys.view_reconciliation import view_reconciliation
from evertill.kernel import clock, config
from evertill.kernel.money import Money
from evertill.outside.stripe_provider import StripeProvider
from tests import tables
from tests.builders import ask, balance, make_product, place_one
from tests.kernel.waiting import until
from tests.one_day import of_one_day
from tests.paying import are_books_sound, clearing, intent_of, owed, placed_order, start_whole, state_of
from tests.paying import refund as refund_at
from tests.paying import settle as settle_at
from tests.twins.stripe import CARD, DECLINED, KEY, ROLLED, SEPA_THAT_FAILS, SIGNING, Stripe, running

# 2.50 at 1.5 % and 20: what the twin keeps.
FEE = 23


@pytest.fixture(scope="module")
def stripe() -> Iterator[Stripe]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def one(stripe: Stripe) -> Iterator[StripeProvider]:
    with connected(stripe) as made:
        yield made


@pytest.fixture(autouse=True)
def provider(stripe: Stripe, one: StripeProvider, committed_db: None) -> Iterator[StripeProvider]:
    """The shop, connected to Stripe; afterwards its books are sound, and nothing bad is left at Stripe's."""
    payments.register(one)
    yield one
    payments.register()
    stripe.act("faults")
    assert are_books_sound()


@contextmanager
def connected(
    stripe: Stripe, *, key: str = KEY, secrets: tuple[str, ...] = (SIGNING,), url: str = "", failures_max: int = 100
) -> Iterator[StripeProvider]:
    settings = dataclasses.replace(
        config.get(), provider_timeout_ms=60_000, provider_failures_max=failures_max, provider_rest_s=3600
    )
    made = StripeProvider(url=url or stripe.url, key=key, webhook_secrets=secrets, settings=settings)
    with closing(made):
        payments.register(made)
        yield made
    payments.register()


def start(order: Placed, *, key: str = "pay-1", now: dt.datetime | None = None) -> Intent:
    return start_whole(order, method="stripe.page", key=key, now=now or clock.now()).intent


def settle(intent: Intent) -> Intent:
    return settle_at(intent, now=clock.now())


def paid(stripe: Stripe, sku: str = "TEA") -> tuple[Placed, Intent]:
    order = placed_order(sku)
    intent = start(order)
    stripe.act("pay", intent.provider_id, method=CARD)
    return order, settle(intent)


def refund(intent: Intent, amount: int, *, key: str = "back-1") -> payments.Refund:
    return refund_at(intent, amount, key=key, now=clock.now())


def soon() -> dt.datetime:
    return clock.now() + dt.timedelta(seconds=11)


def sessions_of(stripe: Stripe, intent: Intent) -> list[dict[str, object]]:
    found: list[dict[str, object]] = stripe.act("sessions", number=intent.number)
    return found


def refunds_of(stripe: Stripe, intent: Intent) -> list[int]:
    return [made["amount"] for made in stripe.at("/v1/refunds", payment_intent=intent_of(intent).provider_id)["data"]]


class TestPaying:
    def test_leads_to_stripes_page_and_ends_in_a_paid_order(self, stripe: Stripe) -> None:
        order = placed_order()
        intent = start(order)
        assert intent.next is not None
        assert (intent.next.kind, intent.next.value) == ("redirect", f"{stripe.url}/c/pay/{intent.provider_id}")

        stripe.act("pay", intent.provider_id, method=CARD)
        settled = settle(intent)

        assert (settled.state, settled.ending) == (State.CAPTURED, Ending.MATCHED)
        assert settled.provider_id.startswith("pi_")
        assert state_of(order) is orders.State.PAID
        assert (owed(order), clearing(provider="stripe"), balance()) == (0, 250 - FEE, (9, 0))

    def test_tells_stripe_what_is_needed_and_no_more(self, stripe: Stripe) -> None:
        stripe.calls()
        intent = start(placed_order())

        (call,) = stripe.act("calls")

        assert call["headers"].keys() == {
            "Host", "Accept", "Accept-Encoding", "Connection", "Content-Length", "Authorization", "Content-Type",
            "Idempotency-Key", "Stripe-Version", "User-Agent",
        }  # fmt: skip
        assert (call["headers"]["User-Agent"], call["headers"]["Idempotency-Key"]) == ("Evertill", intent.number)

    def test_goes_on_after_a_decline(self, stripe: Stripe) -> None:
        order = placed_order()
        intent = start(order)

        stripe.act("pay", intent.provider_id, method=DECLINED)
        assert settle(intent).state is State.PENDING
        stripe.act("pay", intent.provider_id, method=CARD)

        assert settle(intent).ending is Ending.MATCHED
        assert state_of(order) is orders.State.PAID

    def test_fails_by_the_last_decline_when_nobody_tries_again(self, stripe: Stripe) -> None:
        intent = start(placed_order())
        stripe.act("pay", intent.provider_id, method=DECLINED)

        failed = settle_at(intent, now=clock.now() + dt.timedelta(hours=2))

        assert (failed.state, failed.reason) == (State.FAILED, "card_declined")
        assert [session["status"] for session in sessions_of(stripe, intent)] == ["expired"]

    def test_is_cancelled_when_the_page_expires(self, stripe: Stripe, provider: StripeProvider) -> None:
        intent = start(placed_order())
        provider.cancel(intent=intent)

        cancelled = settle(intent)

        assert (cancelled.state, cancelled.reason) == (State.CANCELLED, "nobody paid")

    def test_is_not_cancelled_when_money_came_first(self, stripe: Stripe) -> None:
        order = placed_order()
        intent = start(order)
        stripe.act("pay", intent.provider_id, method=CARD)

        assert settle_at(intent, now=clock.now() + dt.timedelta(hours=2)).ending is Ending.MATCHED

    def test_tells_what_came_first_when_it_is_cancelled_too_late(
        self, stripe: Stripe, provider: StripeProvider
    ) -> None:
        intent = start(placed_order())
        stripe.act("pay", intent.provider_id, method=CARD)

        assert provider.cancel(intent=intent).state is State.CAPTURED

    def test_waits_for_a_bank_that_takes_its_time_to_refuse(self, stripe: Stripe) -> None:
        order = placed_order()
        intent = start(order)
        stripe.banks("wait")
        stripe.act("pay", intent.provider_id, method=SEPA_THAT_FAILS)
        assert settle(intent).state is State.PENDING
        stripe.banks("answer")

        until(lambda: settle(intent).state is State.FAILED)

        assert intent_of(intent).reason == "card_declined"
        assert state_of(order) is orders.State.PLACED

    def test_takes_what_was_only_authorised(self, stripe: Stripe) -> None:
        order = placed_order()
        intent = start(order)
        stripe.act("pay", intent.provider_id, method=CARD, capture_method="manual")

        assert settle(intent).ending is Ending.MATCHED
        assert clearing(provider="stripe") == 250 - FEE

    @pytest.mark.parametrize(
        ("amount", "currency", "ending", "returned"),
        [
            (240, "gbp", Ending.UNDERPAID, 240),
            (260, "gbp", Ending.OVERPAID, 10),
            (250, "eur", Ending.WRONG_CURRENCY, 250),
        ],
    )
    def test_gives_back_other_money_than_was_asked_for(
        self, stripe: Stripe, amount: int, currency: str, ending: Ending, returned: int
    ) -> None:
        intent = start(placed_order())
        stripe.act("pay", intent.provider_id, method=CARD, amount=amount, currency=currency)

        assert settle(intent).ending is ending
        assert refunds_of(stripe, intent) == [returned]

    @pytest.mark.parametrize(("currency", "price", "asked"), [("JPY", 500, 500), ("ISK", 500, 50_000), ("MGA", 500, 5)])
    def test_counts_as_stripe_does(self, stripe: Stripe, currency: str, price: int, asked: int) -> None:
        make_product("TEA", prices={currency: price})
        order = place_one(ask("order", {"TEA": 1}, currency=currency))
        intent = start(order)
        assert [session["amount_total"] for session in sessions_of(stripe, intent)] == [asked]

        stripe.act("pay", intent.provider_id, method=CARD)

        assert settle(intent).captured == Money(amount=price, currency=currency)
        assert refund(intent, price).state is RefundState.SUCCEEDED
        assert refunds_of(stripe, intent) == [asked]

    def test_refuses_an_amount_that_stripe_cannot_take(self, stripe: Stripe) -> None:
        make_product("TEA", prices={"MGA": 550})

        failed = start(place_one(ask("order", {"TEA": 1}, currency="MGA")))

        assert (failed.state, failed.reason) == (State.FAILED, "Stripe takes whole units of MGA only, not 5.50 MGA.")


class TestLostAnswers:
    def test_begin_one_payment_when_it_is_started_again(self, stripe: Stripe) -> None:
        order = placed_order()
        stripe.act("faults", lose=1)
        with pytest.raises(ProviderUnavailable):
            start(order)

        intent = start(order)

        assert [session["id"] for session in sessions_of(stripe, intent)] == [intent.provider_id]

    @pytest.mark.parametrize("others", [0, 101])
    def test_are_found_by_our_number(self, stripe: Stripe, others: int) -> None:
        order = placed_order()
        stripe.act("faults", lose=1)
        with pytest.raises(ProviderUnavailable):
            start(order)
        stripe.act("crowd", start(placed_order("CUP")).provider_id, count=others)

        poll_payments(now=soon())

        intent = start(order)
        assert [session["id"] for session in sessions_of(stripe, intent)] == [intent.provider_id]

    def test_are_nothing_when_the_call_never_arrived(self, stripe: Stripe) -> None:
        order = placed_order()
        with connected(stripe, url="http://127.0.0.1:1"), pytest.raises(ProviderUnavailable):
            start(order)

        with connected(stripe):
            poll_payments(now=clock.now() + dt.timedelta(hours=2))
            intent = start(order)

        assert (intent.state, intent.reason) == (State.FAILED, "the provider never heard of it")

    def test_of_a_page_under_other_settings_are_found_too(self, stripe: Stripe, provider: StripeProvider) -> None:
        intent = start(placed_order())

        again = provider.start(intent=intent, return_url="https://elsewhere.example/", client_ip="")

        assert again.provider_id == intent.provider_id

    @pytest.mark.parametrize("forgotten", [False, True])
    def test_give_back_once(self, stripe: Stripe, forgotten: bool) -> None:
        _, intent = paid(stripe)
        stripe.calls()
        # The list of refunds is answered, the refund is not.
        with lost_after(stripe, "GET /v1/refunds"):
            assert refund(intent, 100).state is RefundState.REQUESTED
        if forgotten:
            stripe.act("forget")

        poll_payments(now=soon())

        assert refund(intent, 100).state is RefundState.SUCCEEDED
        assert refunds_of(stripe, intent) == [100]
        assert clearing(provider="stripe") == 150 - FEE

    @pytest.mark.parametrize("fault", ["limit", "conflict", "break"])
    def test_are_any_answers_that_tell_nothing(self, stripe: Stripe, fault: str) -> None:
        order = placed_order()
        stripe.act("faults", **{fault: 1})
        with pytest.raises(ProviderUnavailable):
            start(order)

        assert start(order).state is State.PENDING

    def test_end_at_once_after_some_in_a_row(self, stripe: Stripe) -> None:
        order = placed_order()
        with connected(stripe, url="http://127.0.0.1:1", failures_max=2):
            for _ in range(2):
                with pytest.raises(ProviderUnavailable, match="Stripe does not answer: ConnectError"):
                    start(order)
            with pytest.raises(ProviderUnavailable, match="not called for a while"):
                start(order)


@contextmanager
def lost_after(stripe: Stripe, call: str) -> Iterator[None]:
    """Answers are lost from the one behind `call` on."""
    stripe.act("faults", lose_after=call)
    yield
    assert call in stripe.calls()
    stripe.act("faults")


class TestGivingBack:
    def test_is_in_parts_up_to_the_whole(self, stripe: Stripe) -> None:
        order, intent = paid(stripe)

        states = [refund(intent, 100).state, refund(intent, 150, key="back-2").state]

        assert states == [RefundState.SUCCEEDED] * 2
        assert sorted(refunds_of(stripe, intent)) == [100, 150]
        assert (state_of(order), clearing(provider="stripe")) == (orders.State.REFUNDED, -FEE)

    def test_counts_once_under_one_key(self, stripe: Stripe) -> None:
        _, intent = paid(stripe)

        assert refund(intent, 100) == refund(intent, 100)
        assert refunds_of(stripe, intent) == [100]

    def test_of_more_than_stripe_has_left_is_refused(self, stripe: Stripe, provider: StripeProvider) -> None:
        _, intent = paid(stripe)
        refund(intent, 100)
        other = payments.Refund(
            id=1,
            number="other",
            intent_id=intent.id,
            kind=payments.RefundKind.SALE,
            state=RefundState.REQUESTED,
            amount=151,
            reason="",
            actor="",
        )

        with pytest.raises(ProviderRefused, match="greater than unrefunded amount"):
            provider.refund(intent=intent_of(intent), refund=other)
        assert refunds_of(stripe, intent) == [100]

    def test_that_stripe_refuses_is_promised_no_more(self, stripe: Stripe) -> None:
        _, intent = paid(stripe)
        by_hand = {"payment_intent": intent.provider_id, "amount": "200"}
        stripe.client.post("/v1/refunds", data=by_hand).raise_for_status()

        assert refund(intent, 100).state is RefundState.FAILED
        assert intent_of(intent).refunded == 0


class TestWebhooks:
    @pytest.fixture
    def told(self, stripe: Stripe) -> tuple[Placed, Webhook]:
        """An order that was paid, and what Stripe told of it."""
        stripe.came.clear()
        order = placed_order()
        stripe.act("pay", start(order).provider_id, method=CARD)
        (webhook,) = stripe.came
        return order, webhook

    def test_settle_what_they_are_about(self, told: tuple[Placed, Webhook]) -> None:
        order, webhook = told

        answers = receive_webhooks([webhook, webhook], now=clock.now())
        handle_events(now=clock.now())

        assert answers == [Received(is_repeat=False), Received(is_repeat=True)]
        assert state_of(order) is orders.State.PAID

    @pytest.mark.parametrize("secrets", [(SIGNING,), (ROLLED,), ("whsec_later", SIGNING)])
    def test_are_believed_while_the_secret_is_rolled(
        self, stripe: Stripe, told: tuple[Placed, Webhook], secrets: tuple[str, ...]
    ) -> None:
        with connected(stripe, secrets=secrets):
            assert receive_webhooks([told[1]], now=clock.now()) == [Received(is_repeat=False)]

    @pytest.mark.parametrize("secrets", [(), ("whsec_other",)])
    def test_are_forged_under_any_other_secret(
        self, stripe: Stripe, told: tuple[Placed, Webhook], secrets: tuple[str, ...]
    ) -> None:
        with connected(stripe, secrets=secrets):
            (answer,) = receive_webhooks([told[1]], now=clock.now())

        assert isinstance(answer, WebhookForged)
        assert tables.count("payments_event") == 0

    @pytest.mark.parametrize(
        "header",
        [
            b"",
            b"t=",
            b"t=abc,v1=00",
            b"v1=00",
            b"t=1,t=2,v1=00",
            b"t=" + b"9" * 99 + b",v1=00",
            b",,,===",
            b"t=1,v0=00",
        ],
    )
    def test_are_forged_without_a_signature(self, told: tuple[Placed, Webhook], header: bytes) -> None:
        bare = msgspec.structs.replace(told[1], headers={b"stripe-signature": header})

        (answer,) = receive_webhooks([bare], now=clock.now())

        assert isinstance(answer, WebhookForged)

    def test_are_forged_when_the_body_was_touched(self, told: tuple[Placed, Webhook]) -> None:
        touched = msgspec.structs.replace(told[1], body=told[1].body.replace(b"open", b"paid") + b" ")

        (answer,) = receive_webhooks([touched], now=clock.now())

        assert isinstance(answer, WebhookForged)

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_are_stale_after_five_minutes(self, told: tuple[Placed, Webhook], minutes: int) -> None:
        (answer,) = receive_webhooks([told[1]], now=clock.now() + dt.timedelta(minutes=minutes))

        assert isinstance(answer, WebhookStale)
        assert tables.count("payments_event") == 0

    def test_are_foreign_when_they_are_about_something_else(self, stripe: Stripe, told: tuple[Placed, Webhook]) -> None:
        order = told[0]
        tables.empty()

        (answer,) = receive_webhooks([told[1]], now=clock.now())

        assert isinstance(answer, WebhookForeign)
        assert order.order.id not in orders.read_orders(order_ids=[order.order.id])

    @pytest.mark.parametrize(
        ("body", "refusal"),
        [
            (b"{", WebhookRefused),
            (b"\xff", WebhookRefused),
            (b"[" * 100_000, WebhookRefused),
            (b'{"id": 1}', WebhookRefused),
            (b'{"id": "evt_1", "data": {"object": {"object": "customer"}}}', WebhookForeign),
            (b'{"id": "evt_1", "data": {"object": {"metadata": {"evertill_payment": "nonsense"}}}}', WebhookForeign),
            (b'{"id": "evt_1", "data": {"object": {"object": "dispute", "payment_intent": "pi_1"}}}', WebhookForeign),
        ],
    )
    def test_are_refused_when_they_say_something_odd(self, body: bytes, refusal: type[WebhookRefused]) -> None:
        signed = sign(body, secret=SIGNING)

        (answer,) = receive_webhooks([signed], now=clock.now())

        assert type(answer) is refusal

    def test_of_localstripe_itself_are_genuine(self, stripe: Stripe) -> None:
        stripe.came.clear()
        hook = {"url": stripe.hook, "secret": SIGNING}
        stripe.client.post(f"{stripe.localstripe}/_config/webhooks/own", json=hook).raise_for_status()
        order = placed_order()
        intent = start(order)
        stripe.act("pay", intent.provider_id, method=CARD)
        # What is told of the payments of tests before this one may come only now.
        ours = (b'"payment_intent.succeeded"', intent.number.encode())
        told = until(lambda: [w for w in stripe.came if all(part in w.body for part in ours)])

        assert receive_webhooks(told, now=clock.now()) == [Received(is_repeat=False)]
        handle_events(now=clock.now())
        assert state_of(order) is orders.State.PAID

    def test_of_a_dispute_are_about_the_payment_that_it_is_about(self, stripe: Stripe) -> None:
        order, intent = paid(stripe)
        stripe.act("dispute", intent_of(intent).provider_id, status="needs_response", amount=250)
        # localstripe itself may tell of the payment only now.
        told = [webhook for webhook in stripe.came if b"charge.dispute" in webhook.body]

        assert receive_webhooks(told[-1:], now=clock.now()) == [Received(is_repeat=False)]
        handle_events(now=clock.now())

        (dispute,) = disputes.read_disputes(intent_id=intent.id)
        assert (dispute.state, dispute.amount.amount, dispute.fee) == (disputes.State.EVIDENCE_DUE, 250, 1500)
        assert clearing(provider="stripe") == 250 - FEE - 250 - 1500
        assert orders.find_holds(order_ids=[order.order.id]).keys() == {order.order.id}


def sign(body: bytes, *, secret: str) -> Webhook:
    moment = int(clock.now().timestamp())
    digest = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return Webhook(provider="stripe", headers={b"stripe-signature": f"t={moment},v1={digest}".encode()}, body=body)


class TestDisputes:
    def test_are_told_with_what_they_are_about(self, stripe: Stripe, provider: StripeProvider) -> None:
        _, intent = paid(stripe)
        taken = intent_of(intent)
        assert provider.disputes(intent=taken) == []

        opened = stripe.act("dispute", taken.provider_id, status="needs_response", amount=250)
        (dispute,) = provider.disputes(intent=taken)
        stripe.act("dispute", taken.provider_id, status="won")
        (decided,) = provider.disputes(intent=taken)

        assert (dispute.provider_id, dispute.standing) == (opened["id"], DisputeStanding.OPEN)
        assert (dispute.amount, dispute.reason) == (Money(amount=250, currency="GBP"), "fraudulent")
        due = dt.datetime.fromtimestamp(opened["evidence_details"]["due_by"], tz=dt.UTC)
        assert (dispute.evidence_due_at, decided.standing) == (due, DisputeStanding.WON)

    def test_are_none_while_the_bank_only_asks(self, stripe: Stripe, provider: StripeProvider) -> None:
        _, intent = paid(stripe)
        stripe.act("dispute", intent_of(intent).provider_id, status="warning_needs_response", amount=250)

        assert provider.disputes(intent=intent_of(intent)) == []


class TestBill:
    def test_is_what_our_books_say(self, stripe: Stripe) -> None:
        def trade() -> None:
            stripe.act("clear")
            _, intent = paid(stripe)
            refund(intent, 100)
            payment = intent_of(intent).provider_id
            for status in ("needs_response", "won"):
                stripe.act("dispute", payment, status=status, amount=150)
                settle_disputes(intent_id=intent.id, actor="ada", now=clock.now())

        today, _ = of_one_day(trade)
        run = reconcile_bill(provider="stripe", date=today, now=clock.now())

        # The money, Stripe's fee of it, a refund, a dispute and its fee, and the money that came back.
        assert (run.lines, run.matched, run.differences) == (6, 6, 0)
        assert clearing(provider="stripe") == 250 - FEE - 100 - 1500

    def test_tells_of_what_stripe_alone_knows(self, stripe: Stripe) -> None:
        def trade() -> Intent:
            stripe.act("clear")
            _, intent = paid(stripe)
            by_hand = {"payment_intent": intent.provider_id, "amount": "200"}
            stripe.client.post("/v1/refunds", data=by_hand).raise_for_status()
            return intent

        today, intent = of_one_day(trade)
        run = reconcile_bill(provider="stripe", date=today, now=clock.now())

        (shown,) = view_reconciliation(provider="stripe", date=today, limit=10).shown
        assert (run.matched, run.differences) == (2, 1)
        assert (shown.difference.payment, shown.difference.theirs) == (
            intent.number,
            Money(amount=-200, currency="GBP"),
        )

    def test_has_pages(self, stripe: Stripe, provider: StripeProvider) -> None:
        began = clock.now().date()
        stripe.act("move", type="payout", amount=-500, currency="gbp", fee=0, source="po_1", times=101)
        stripe.act("move", type="stripe_fee", amount=-7, currency="gbp", fee=0, source=None)

        # Some of them may be of the day before.
        lines = [line for date in sorted({began, clock.now().date()}) for line in provider.list(date=date)]

        told = Counter((line.kind, line.amount.amount) for line in lines)
        assert (told[BillKind.PAYOUT, -500], told[BillKind.FEE, -7]) == (101, 1)

    def test_of_another_day_tells_nothing(self, provider: StripeProvider) -> None:
        assert list(provider.list(date=clock.now().date() - dt.timedelta(days=2))) == []


class TestSecrets:
    def test_are_in_no_message_and_no_log(
        self, stripe: Stripe, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG)
        order = placed_order()
        with connected(stripe, key="sk_live_secret-"), pytest.raises(ProviderUnavailable) as refusal:
            start(order)
        stripe.act("pay", start_again(stripe, order).provider_id, method=CARD)

        said = caplog.text + "".join(capfd.readouterr()) + repr(refusal.value) + json.dumps(refusal.value.facts)
        assert refusal.value.detail == "Stripe answers 401: AuthenticationError."
        assert [secret for secret in ("sk_live", "secret-", KEY, SIGNING) if secret in said] == []
        assert refusal.value.__cause__ is None


def start_again(stripe: Stripe, order: Placed) -> Intent:
    with connected(stripe):
        return start(order)
