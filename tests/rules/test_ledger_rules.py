"""The rules of double entry, tried with everything."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.ledger import rules, standard
from evertill.domains.ledger.rules import InvalidTransaction, check, uncovered
from evertill.domains.ledger.types import Account, AccountKind, Kind, Posting, Transaction
from evertill.kernel.money import AMOUNT_MAX, Money
from tests.ledgers import ADA, REVENUE, STRIPE, gbp, order_account, paid, spend, top_up

BUILDERS: dict[str, Callable[..., Transaction]] = {
    name: builder
    for name, builder in inspect.getmembers(standard, inspect.isfunction)
    if not name.startswith("_") and name != "reversal"
}
OWNERS = st.text("abcXYZ019_.-", min_size=1, max_size=64)
REFERENCES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=128)
AMOUNTS = st.integers(1, AMOUNT_MAX)
CURRENCIES = st.sampled_from(["GBP", "CNY", "JPY", "KWD"])


@st.composite
def standard_transactions(draw: st.DrawFn) -> Transaction:
    return build(draw(st.sampled_from(sorted(BUILDERS))), lambda: draw(OWNERS), draw(REFERENCES), draw(money()))


@st.composite
def money(draw: st.DrawFn) -> Money:
    return Money(amount=draw(AMOUNTS), currency=draw(CURRENCIES))


def build(name: str, owner: Callable[[], str], reference: str, amount: Money) -> Transaction:
    """Any builder, with as many owners as it asks for."""
    asked = inspect.signature(BUILDERS[name]).parameters.keys() - {"reference", "amount"}
    return BUILDERS[name](reference=reference, amount=amount, **{each: owner() for each in sorted(asked)})


class TestStandard:
    def test_has_a_builder_for_each_kind(self) -> None:
        built = {build(name, lambda: "x", "r", gbp(1)).kind for name in BUILDERS}

        assert built == set(Kind) - {Kind.REVERSAL}

    @given(transaction=standard_transactions())
    def test_sums_to_zero_and_breaks_no_rule(self, transaction: Transaction) -> None:
        check(transaction)

        assert sum(posting.amount for posting in transaction.postings) == 0

    @given(transaction=standard_transactions())
    def test_is_undone_by_its_reversal(self, transaction: Transaction) -> None:
        undone = standard.reversal(reference="undo", of=transaction)

        check(undone)
        assert totals(transaction, undone) == dict.fromkeys(totals(transaction), 0)

    # A correction goes either way.
    @pytest.mark.parametrize(
        ("name", "amount"),
        [(name, 0) for name in sorted(BUILDERS)] + [(name, -1) for name in sorted(BUILDERS.keys() - {"correction"})],
    )
    def test_takes_only_amounts_above_zero(self, name: str, amount: int) -> None:
        with pytest.raises(InvalidTransaction, match="above zero"):
            build(name, lambda: "x", "r", gbp(amount))


def totals(*transactions: Transaction) -> dict[Account, int]:
    summed: dict[Account, int] = {}
    for transaction in transactions:
        for posting in transaction.postings:
            summed[posting.account] = summed.get(posting.account, 0) + posting.amount
    return summed


class TestEndings:
    """An order that has ended owes nothing and is owed nothing, whichever way it ended."""

    def test_paid(self) -> None:
        assert totals(*paid("1", 2500)) == {order_account(): 0, REVENUE: -2500, STRIPE: 2500}

    def test_refunded_in_two_parts(self) -> None:
        parts = [standard.refund(reference=f"re_{n}", order="1", provider="stripe", amount=gbp(n)) for n in (500, 2000)]

        ended = totals(*paid("1", 2500), *parts)

        assert ended == {order_account(): 0, REVENUE: -2500, refunds(): 2500, STRIPE: 0}

    def test_paid_too_late_and_given_back(self) -> None:
        _, late = paid("1", 2500)

        ended = totals(late, standard.late_refund(reference="re", order="1", provider="stripe", amount=gbp(2500)))

        assert ended == {order_account(): 0, STRIPE: 0}

    def test_paid_by_balance_and_given_back_to_it(self) -> None:
        sale, _ = paid("1", 2500)

        ended = totals(
            top_up("t", 3000),
            sale,
            spend("1", 2500),
            standard.refund_to_balance(reference="re", order="1", customer="ada", amount=gbp(2500)),
        )

        assert ended == {STRIPE: 3000, ADA: -3000, order_account(): 0, REVENUE: -2500, refunds(): 2500}

    def test_disputed_and_lost(self) -> None:
        opened = standard.dispute_opened(reference="dp", provider="stripe", amount=gbp(2500))

        ended = totals(*paid("1", 2500), opened, standard.dispute_lost(reference="dp", amount=gbp(2500)))

        assert ended[STRIPE] == ended[Account(kind=AccountKind.DISPUTES, currency="GBP")] == 0
        assert ended[Account(kind=AccountKind.DISPUTE_LOSSES, currency="GBP")] == 2500

    def test_disputed_and_won(self) -> None:
        opened = standard.dispute_opened(reference="dp", provider="stripe", amount=gbp(2500))
        won = standard.dispute_won(reference="dp", provider="stripe", amount=gbp(2500))

        ended = totals(*paid("1", 2500), opened, won)

        assert {account: amount for account, amount in ended.items() if amount} == {REVENUE: -2500, STRIPE: 2500}


def refunds() -> Account:
    return Account(kind=AccountKind.REFUNDS, currency="GBP")


def of(*postings: Posting, reference: str = "r") -> Transaction:
    return Transaction(kind=Kind.SALE, reference=reference, postings=postings)


NOBODYS = Account(kind=AccountKind.REVENUE, currency="GBP", owner="x")
EURO = Account(kind=AccountKind.REVENUE, currency="EUR")
_SOUND = (Posting(STRIPE, 1), Posting(REVENUE, -1))


class TestCheck:
    @pytest.mark.parametrize(
        ("transaction", "said"),
        [
            (of(), "0 postings"),
            (of(Posting(REVENUE, 1)), "1 postings"),
            (of(*_SOUND * 5), "10 postings"),
            (of(Posting(STRIPE, 2), Posting(REVENUE, -1)), "sums to 1"),
            (of(Posting(STRIPE, 1), Posting(EURO, -1)), "mixes GBP and EUR"),
            (of(*_SOUND, Posting(REVENUE, 0)), "nothing"),
            (of(Posting(STRIPE, AMOUNT_MAX + 1), Posting(REVENUE, -AMOUNT_MAX - 1)), "beyond"),
            (of(*_SOUND, reference=""), "reference"),
            (of(*_SOUND, reference="a b"), "reference"),
            (of(*_SOUND, reference="x" * 129), "reference"),
            (of(Posting(order_account("a,b"), 1), Posting(REVENUE, -1)), "key of an account"),
            (of(Posting(order_account('"'), 1), Posting(REVENUE, -1)), "key of an account"),
            (of(Posting(order_account(""), 1), Posting(REVENUE, -1)), "key of an account"),
            (of(Posting(Account(kind=ADA.kind, currency="GBP"), 1), Posting(REVENUE, -1)), "has an owner"),
            (of(Posting(NOBODYS, 1), Posting(REVENUE, -1)), "or has none"),
            (of(Posting(Account(kind=REVENUE.kind, currency="gbp"), 1), Posting(REVENUE, -1)), "currency code"),
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_double_entry(self, transaction: Transaction, said: str) -> None:
        with pytest.raises(InvalidTransaction, match=said):
            check(transaction)

    def test_takes_as_many_postings_as_the_constraint_adds_up(self) -> None:
        check(of(*_SOUND * (rules.POSTINGS_MAX // 2)))


MOVES = st.tuples(st.sampled_from(["ada", "bob"]), st.integers(-500, 500).filter(bool))


class TestUncovered:
    @given(moves=st.lists(MOVES, max_size=12), prepaid=st.integers(0, 600))
    def test_never_lets_a_balance_fall_below_zero_and_refuses_only_for_that(
        self, moves: list[tuple[str, int]], prepaid: int
    ) -> None:
        asked = [
            spend(f"{n}", amount, customer=who) if amount > 0 else top_up(f"{n}", -amount, customer=who)
            for n, (who, amount) in enumerate(moves)
        ]

        refused = uncovered(transactions=asked, balances={ADA: -prepaid})

        left = {"ada": prepaid, "bob": 0}
        for place, (who, amount) in enumerate(moves):
            assert (place in refused) is (amount > left[who])
            if place not in refused:
                left[who] -= amount

    def test_lets_a_top_up_through_to_a_balance_that_was_tampered_with(self) -> None:
        assert uncovered(transactions=[top_up("t", 1), spend("1", 1)], balances={ADA: 500}) == {1}
