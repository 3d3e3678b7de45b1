"""What an account ordered above a limit is paid by its owner alone, who proves himself for it; all else as ever."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from evertill.domains import identity, payments
from evertill.domains.identity import Factor, Operation
from evertill.domains.orders import State
from evertill.journeys import pay_from_balance as paying
from evertill.journeys.guard_payment import OwnerNeeded, Payer, StepUpRequired
from evertill.journeys.place_orders import Placed
from evertill.journeys.start_payment import Started, StartPayment, start_payment
from evertill.outside.own_books import BalanceProvider
from tests import tables
from tests.balances import ask as balance_ask
from tests.balances import left_on, make_balance
from tests.builders import NOON, ask, make_product, place_one
from tests.paying import are_books_sound, state_of
from tests.threads import together
from tests.twin import Twin

ADA, BOB = 1, 2
# At 2.50 each this is 1,000.00, where the limit begins.
DEAR, CHEAP = 400, 399


@pytest.fixture(autouse=True)
def twin(committed_db: None) -> Iterator[Twin]:
    provider = Twin()
    payments.register(provider, BalanceProvider())
    make_product("TEA", pieces=1000)
    yield provider
    assert are_books_sound()
    payments.register()


def ordered(pieces: int = DEAR, *, account_id: int | None = ADA) -> Placed:
    return place_one(ask(f"order of {pieces}", {"TEA": pieces}, account_id=account_id))


def signed_in(account_id: int = ADA) -> Payer:
    secret = identity.sessions.start(
        account_id=account_id, is_staff=False, factors=[Factor.PASSKEY], device="Firefox", place="", now=NOON
    )
    session = identity.sessions.resume(secret=secret, now=NOON)
    assert session is not None
    return Payer(account_id=account_id, session_id=session.id)


def prove(payer: Payer, order: Placed) -> None:
    identity.stepup.give(
        session_id=payer.session_id,
        operation=Operation.PAY,
        subject=order.number,
        factor=Factor.PASSKEY,
        enrolled=[Factor.PASSKEY],
        is_staff=False,
        now=NOON,
    )


def begin(order: Placed, payer: Payer | None, *, key: str = "pay-1", actor: str = "customer") -> Started:
    asked = StartPayment(order_id=order.order.id, method="twin.page", caller=actor, key=key.encode(), payer=payer)
    return start_payment(asked=asked, actor=actor, now=NOON)


def pay_at_once(order: Placed, payer: Payer | None, *, amount: int = 200_000) -> paying.Outcome:
    asked = msgspec.structs.replace(balance_ask(order.order.id, make_balance(amount)), payer=payer)
    (outcome,) = paying.pay_from_balance([asked], now=NOON)
    return outcome


class TestGuardPayment:
    def test_lets_the_owner_pay_who_proved_himself_for_this_order(self) -> None:
        order, ada = ordered(), signed_in()
        prove(ada, order)

        assert not begin(order, ada).is_repeat

    def test_asks_the_owner_for_a_proof_and_begins_nothing(self) -> None:
        order, ada = ordered(), signed_in()

        with pytest.raises(StepUpRequired) as refused:
            begin(order, ada)

        assert refused.value.facts == {"operation": "PAY", "subject": order.number}
        assert tables.count("payments_intent") == 0

    def test_takes_no_proof_that_was_given_for_another_order(self) -> None:
        order, ada = ordered(), signed_in()
        prove(ada, place_one(ask("another", {"TEA": 401}, account_id=ADA)))

        with pytest.raises(StepUpRequired):
            begin(order, ada)

    def test_takes_a_proof_once(self) -> None:
        order, ada = ordered(), signed_in()
        prove(ada, order)
        begin(order, ada)

        with pytest.raises(StepUpRequired):
            begin(order, ada, key="pay-2")

    def test_finds_what_was_begun_without_another_proof(self) -> None:
        order, ada = ordered(), signed_in()
        prove(ada, order)
        first = begin(order, ada)

        again = begin(order, ada)

        assert (again.intent.id, again.is_repeat) == (first.intent.id, True)

    def test_begins_it_once_when_it_is_pressed_ten_times_at_once(self) -> None:
        order, ada = ordered(), signed_in()
        prove(ada, order)

        begun = together(*[lambda: begin(order, ada)] * 10)

        assert len({one.intent.id for one in begun}) == 1
        assert [one.is_repeat for one in begun].count(False) == 1

    @pytest.mark.parametrize("payer", [None, BOB])
    def test_is_closed_to_whoever_has_only_the_token(self, payer: int | None) -> None:
        order = ordered()

        with pytest.raises(OwnerNeeded):
            begin(order, signed_in(payer) if payer else None)

        assert tables.count("payments_intent") == 0

    def test_is_open_below_the_limit_for_guests_orders_and_for_programs(self) -> None:
        begin(ordered(CHEAP), None)
        begin(place_one(ask("a guest's", {"TEA": DEAR})), None)
        begin(place_one(ask("a program's", {"TEA": 1}, unit_price=900_000, account_id=ADA)), None, actor="token:till")

        assert tables.count("payments_intent") == 3

    def test_keeps_a_balance_closed_too(self) -> None:
        order, ada = ordered(), signed_in()

        refusals = [pay_at_once(order, None), pay_at_once(order, signed_in(BOB)), pay_at_once(order, ada)]

        assert [type(refusal) for refusal in refusals] == [OwnerNeeded, OwnerNeeded, StepUpRequired]
        assert state_of(order) is State.PLACED

    def test_pays_from_a_balance_with_a_proof_that_a_refusal_did_not_use_up(self) -> None:
        order, ada = ordered(), signed_in()
        prove(ada, order)
        too_little = pay_at_once(order, ada, amount=5)

        assert isinstance(too_little, paying.BalanceTooLow)
        assert isinstance(pay_at_once(order, ada, amount=100_000), paying.Paid)
        assert state_of(order) is State.PAID


def test_the_balance_of_a_refused_payment_is_whole() -> None:
    balance = make_balance(200_000)
    order = ordered()

    (outcome,) = paying.pay_from_balance([balance_ask(order.order.id, balance)], now=NOON)

    assert isinstance(outcome, OwnerNeeded)
    assert left_on(balance) == 200_000
