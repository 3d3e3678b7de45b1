"""Amounts as Stripe counts them, and its balance as the lines of a bill."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.payments import BillKind
from evertill.kernel.money import Money
from evertill.outside.stripe_bill import lines_of
from evertill.outside.stripe_units import NotInStripesUnits, from_stripe, to_stripe


class TestUnits:
    # The examples of https://docs.stripe.com/currencies: 10 USD, 500 JPY, 5 ISK, 5 UGX, 5.12 KWD.
    @pytest.mark.parametrize(
        ("amount", "currency", "counted"),
        [
            (1000, "USD", 1000),
            (500, "JPY", 500),
            (5, "ISK", 500),
            (5, "UGX", 500),
            (5120, "KWD", 5120),
            (500, "MGA", 5),
            (80045, "TWD", 80045),
            (1045, "HUF", 1045),
        ],
    )
    def test_are_those_of_stripes_page(self, amount: int, currency: str, counted: int) -> None:
        money = Money(amount=amount, currency=currency)

        assert to_stripe(money) == counted
        assert from_stripe(counted, currency=currency.lower()) == money
        assert from_stripe(-counted, currency=currency.lower()) == Money(amount=-amount, currency=currency)

    @pytest.mark.parametrize(("amount", "currency"), [(5124, "KWD"), (550, "MGA")])
    def test_are_refused_and_not_rounded(self, amount: int, currency: str) -> None:
        with pytest.raises(NotInStripesUnits):
            to_stripe(Money(amount=amount, currency=currency))

    @pytest.mark.parametrize("amount", [501, -501])
    def test_that_there_are_not_are_noticed(self, amount: int) -> None:
        with pytest.raises(NotInStripesUnits):
            from_stripe(amount, currency="isk")

    @given(st.integers(min_value=0, max_value=10**12), st.sampled_from(["GBP", "JPY", "ISK", "UGX", "XAF"]))
    def test_come_back_as_they_went(self, amount: int, currency: str) -> None:
        money = Money(amount=amount, currency=currency)

        assert from_stripe(to_stripe(money), currency=currency.lower()) == money


def moved(**facts: Any) -> dict[str, Any]:
    return {
        "id": "txn_1",
        "type": "charge",
        "amount": 250,
        "currency": "gbp",
        "fee": 0,
        "created": 1_795_000_000,
        "source": {},
    } | facts


class TestBill:
    def test_tells_converted_money_as_the_customer_paid_it_and_fees_as_stripe_took_them(self) -> None:
        charge: dict[str, Any] = {"id": "ch_1", "currency": "jpy", "amount": 500, "payment_intent": "pi_1"}
        charge["metadata"] = {"evertill_payment": "N"}

        lines = list(lines_of(moved(amount=262, fee=31, source=charge)))

        assert [(line.kind, line.amount) for line in lines] == [
            (BillKind.CAPTURE, Money(amount=500, currency="JPY")),
            (BillKind.FEE, Money(amount=-31, currency="GBP")),
        ]
        assert {(line.reference, line.provider_id) for line in lines} == {("N", "pi_1")}

    @pytest.mark.parametrize(
        ("kind", "amount", "expected"),
        [
            ("payment", 250, BillKind.CAPTURE),
            ("payment_refund", -250, BillKind.REFUND),
            ("refund_failure", 250, BillKind.REFUND),
            ("payout", -250, BillKind.PAYOUT),
            ("payout_failure", 250, BillKind.PAYOUT),
            ("topup", 250, BillKind.PAYOUT),
            ("stripe_fee", -250, BillKind.FEE),
            ("something_new", 250, BillKind.FEE),
            ("adjustment", 250, BillKind.FEE),
        ],
    )
    def test_knows_the_kinds_and_leaves_nothing_out(self, kind: str, amount: int, expected: BillKind) -> None:
        (line,) = lines_of(moved(type=kind, amount=amount, source={"id": "x_1"}))

        assert (line.kind, line.amount.amount) == (expected, amount)
        assert line.part_id == ("" if expected is BillKind.CAPTURE else "x_1")

    def test_names_what_has_no_source_by_its_own_name(self) -> None:
        (line,) = lines_of(moved(type="stripe_fee", amount=-7, source=None))

        assert (line.reference, line.provider_id, line.part_id) == ("", "", "txn_1")

    def test_has_no_line_for_nothing(self) -> None:
        assert list(lines_of(moved(type="adjustment", amount=0))) == []
