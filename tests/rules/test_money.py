"""Money: whole minor units, read exactly or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.kernel.money import AMOUNT_MAX, InvalidMoney, Money, as_decimal, exponent, is_currency, parse

CURRENCIES = st.sampled_from(["GBP", "CNY", "JPY", "KWD"])


class TestParse:
    @pytest.mark.parametrize(
        ("text", "currency", "amount"),
        [
            ("15.30", "GBP", 1530),
            ("15.3", "GBP", 1530),
            (" 15 ", "GBP", 1500),
            ("0", "GBP", 0),
            ("-0.01", "GBP", -1),
            ("1e2", "GBP", 10_000),
            ("15", "JPY", 15),
            ("15.000", "JPY", 15),
            ("1.234", "KWD", 1234),
            ("2.550", "GBP", 255),
            ("10000000000000.00", "GBP", AMOUNT_MAX),
        ],
    )
    def test_reads_major_units(self, text: str, currency: str, amount: int) -> None:
        assert parse(text, currency=currency) == Money(amount=amount, currency=currency)

    @pytest.mark.parametrize(
        ("text", "currency", "said"),
        [
            ("15.305", "GBP", "more decimals"),
            ("15.5", "JPY", "more decimals"),
            ("1.000000000000000000000000000000000000001", "GBP", "out of range"),
            ("0." + "0" * 99 + "1", "GBP", "more decimals"),
            ("1e-999999", "GBP", "more decimals"),
            ("", "GBP", "not an amount"),
            ("ten", "GBP", "not an amount"),
            ("1,50", "GBP", "not an amount"),
            ("nan", "GBP", "out of range"),
            ("inf", "GBP", "out of range"),
            ("10000000000000.01", "GBP", "out of range"),
            ("1e999999", "GBP", "out of range"),
            ("1", "gbp", "currency code"),
            ("1", "POUND", "currency code"),
        ],
    )
    def test_refuses_what_it_cannot_keep_exactly(self, text: str, currency: str, said: str) -> None:
        with pytest.raises(InvalidMoney, match=said):
            parse(text, currency=currency)

    @given(amount=st.integers(-AMOUNT_MAX, AMOUNT_MAX), currency=CURRENCIES)
    def test_reads_back_what_it_writes(self, amount: int, currency: str) -> None:
        money = Money(amount=amount, currency=currency)

        assert parse(str(as_decimal(money)), currency=currency) == money

    @given(text=st.text(max_size=30), currency=CURRENCIES)
    def test_reads_or_refuses_whatever_is_typed(self, text: str, currency: str) -> None:
        try:
            money = parse(text, currency=currency)
        except InvalidMoney:
            return

        assert as_decimal(money) == Decimal(text.strip())


class TestMoney:
    def test_adds_within_a_currency(self) -> None:
        assert Money(amount=1, currency="GBP") + Money(amount=2, currency="GBP") == Money(amount=3, currency="GBP")

    def test_does_not_add_apples_to_pears(self) -> None:
        with pytest.raises(InvalidMoney, match="GBP and EUR"):
            Money(amount=1, currency="GBP") + Money(amount=1, currency="EUR")

    def test_is_written_in_major_units(self) -> None:
        assert str(Money(amount=1530, currency="GBP")) == "15.30 GBP"
        assert str(Money(amount=1530, currency="JPY")) == "1530 JPY"

    def test_knows_how_many_decimals_a_currency_has(self) -> None:
        assert [exponent(code) for code in ("GBP", "JPY", "KWD", "XXX")] == [2, 0, 3, 2]

    @pytest.mark.parametrize("text", ["gbp", "GB", "GBPS", "G1P", "ÄÖÜ", "", "GBP\n"])
    def test_takes_only_codes_for_currencies(self, text: str) -> None:
        assert not is_currency(text)
