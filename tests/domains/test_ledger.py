"""The ledger in its database: posting, repeating, refusing, and what the database itself refuses."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from evertill.domains import ledger
from evertill.domains.ledger import AccountKind, BalanceTooLow, Kind, Posted, ReferenceTaken
from evertill.kernel import db
from evertill.kernel.money import Money
from tests import tables
from tests.builders import NOON
from tests.ledgers import ADA, REVENUE, STRIPE, gbp, order_account, paid, post, spend, top_up
from tests.threads import together

NEW, REPEAT = Posted(is_repeat=False), Posted(is_repeat=True)


def raw(statement: str, *params: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def wrong_in_the_books() -> list[object]:
    return [*ledger.find_unbalanced(), *ledger.find_differences(), *ledger.find_overdrawn()]


@pytest.mark.django_db
class TestPost:
    def test_moves_every_account_by_its_postings(self) -> None:
        outcomes = post(*paid("1", 2500), *paid("2", 100))

        assert outcomes == [NEW] * 4
        wanted = {REVENUE: -2600, STRIPE: 2600, order_account("1"): 0, ADA: 0}
        assert ledger.read_balances(accounts=wanted) == ledger.sum_entries(accounts=wanted) == wanted

    def test_of_nothing_does_nothing(self) -> None:
        assert post() == []

    def test_tells_an_orders_story_from_its_entries(self) -> None:
        post(*paid("1", 2500))
        post(ledger.standard.refund(reference="re_1", order="1", provider="stripe", amount=gbp(500)))

        entries = ledger.read_entries(account=order_account("1"), limit=10)

        assert sorted((entry.kind, entry.amount) for entry in entries) == [
            (Kind.CAPTURE, -2500),
            (Kind.REFUND, -500),
            (Kind.REFUND, 500),
            (Kind.SALE, 2500),
        ]
        assert {entry.posted_at for entry in entries} == {NOON}
        assert len(ledger.read_entries(account=order_account("1"), limit=2)) == 2

    def test_keeps_currencies_apart(self) -> None:
        dear = ledger.standard.sale(reference="2", order="2", amount=Money(amount=700, currency="JPY"))

        post(*paid("1", 2500), dear)

        assert [(line.kind, line.balance) for line in ledger.trial_balance(currency="JPY")] == [
            (AccountKind.ORDER_RECEIVABLE, 700),
            (AccountKind.REVENUE, -700),
        ]
        lines = ledger.trial_balance(currency="GBP")
        assert sum(line.balance for line in lines) == 0
        assert [(line.kind, line.debited, line.credited) for line in lines] == [
            (AccountKind.ORDER_RECEIVABLE, 2500, 2500),
            (AccountKind.PROVIDER_CLEARING, 2500, 0),
            (AccountKind.REVENUE, 0, 2500),
        ]

    def test_refuses_what_breaks_a_rule_before_anything_is_written(self) -> None:
        crooked = ledger.Transaction(
            kind=Kind.SALE, reference="x", postings=(ledger.Posting(REVENUE, -2), ledger.Posting(order_account(), 1))
        )

        with pytest.raises(ledger.InvalidTransaction, match="sums to -1"):
            post(*paid(), crooked)

        assert tables.count("ledger_transaction") == 0


@pytest.mark.django_db
class TestAgain:
    def test_counts_once(self) -> None:
        post(*paid())
        before = tables.rows("ledger_balance")

        assert post(*paid()) == [REPEAT, REPEAT]

        assert tables.count("ledger_transaction") == 2
        assert tables.rows("ledger_balance") == before

    def test_counts_once_within_a_batch(self) -> None:
        assert post(*paid(), *paid()) == [NEW, NEW, REPEAT, REPEAT]
        assert ledger.read_balances(accounts=[REVENUE]) == {REVENUE: -2500}

    def test_is_no_repeat_with_other_postings(self) -> None:
        post(*paid("1", 2500))

        outcomes = post(*paid("1", 2400), *paid("2", 1))

        assert [type(outcome) for outcome in outcomes] == [ReferenceTaken, ReferenceTaken, Posted, Posted]
        assert ledger.read_balances(accounts=[REVENUE]) == {REVENUE: -2501}

    def test_of_a_payment_by_balance_is_no_second_payment(self) -> None:
        post(top_up("t", 1000))

        assert post(spend("1", 1000)) == [NEW]
        # The balance would not cover a second one; a repeat asks for nothing.
        assert post(spend("1", 1000)) == [REPEAT]


@pytest.mark.django_db
class TestPrepaid:
    def test_is_spent_to_the_last_penny_and_no_further(self) -> None:
        post(top_up("t", 1000))

        outcomes = post(spend("1", 600), spend("2", 500), spend("3", 400), spend("4", 1), *paid("5", 1))

        assert [type(outcome) for outcome in outcomes] == [
            Posted, BalanceTooLow, Posted, BalanceTooLow, Posted, Posted,
        ]  # fmt: skip
        assert ledger.read_balances(accounts=[ADA]) == ledger.sum_entries(accounts=[ADA]) == {ADA: 0}

    def test_of_nobody_is_nothing(self) -> None:
        (outcome,) = post(spend("1", 1))

        assert isinstance(outcome, BalanceTooLow)
        assert tables.count("ledger_transaction") == tables.count("ledger_balance") == 0

    def test_can_be_topped_up_and_spent_in_one_batch(self) -> None:
        assert post(top_up("t", 1000), spend("1", 1000)) == [NEW, NEW]

    def test_below_zero_is_refused_by_the_database(self) -> None:
        post(top_up("t", 1000))

        with pytest.raises(DatabaseError, match="ledger_balance_prepaid_covered"):
            raw("update ledger_balance set balance = 1 where account = 'CUSTOMER_BALANCE:ada'")
        with pytest.raises(DatabaseError, match="ledger_balance_prepaid_covered"):
            raw("insert into ledger_balance values ('CUSTOMER_BALANCE:ada', 'GBP', 1, -5)")

    def test_below_zero_by_a_reversal_is_refused(self) -> None:
        post(top_up("t", 1000), spend("1", 1))

        (outcome,) = post(ledger.standard.reversal(reference="t", of=top_up("t", 1000)))

        assert isinstance(outcome, BalanceTooLow)


_INSERT = (
    "insert into ledger_transaction (kind, reference, currency, accounts, amounts, posted_at)"
    " values ('SALE', 'x', 'GBP', %s::varchar[], %s::bigint[], now())"
)


@pytest.mark.django_db
class TestTheDatabase:
    @pytest.mark.parametrize(
        ("amounts", "constraint"),
        [
            ("{1,-2}", "sums_to_zero"),
            ("{1,1}", "sums_to_zero"),
            ("{5}", "sums_to_zero"),
            ("{}", "sums_to_zero"),
            ("{1,-1,null}", "well_formed"),
            ("{null,null}", "sums_to_zero"),
            ("{0,0}", "well_formed"),
            ("{1,-1,0}", "well_formed"),
            ("[0:2]={7,1,-1}", "well_formed"),
            ("[1:3]={7,1,-1}", "sums_to_zero"),
            ("[-1:2]={3,4,1,-1}", "well_formed"),
            ("{{1,-1},{1,-1}}", "sums_to_zero"),
            ("{1,-1,1,-1,1,-1,1,-1,5}", "well_formed"),
            ("{1,1,1,1,1,1,1,-6}", "sums_to_zero"),
        ],
    )
    def test_refuses_what_does_not_balance(self, amounts: str, constraint: str) -> None:
        size = {"{5}": 1, "{}": 0}.get(amounts, amounts.count(",") + 1)

        with pytest.raises(DatabaseError, match=f"ledger_transaction_{constraint}|ledger_transaction_well_formed"):
            raw(_INSERT, [f"A{n}" for n in range(size)], amounts)

        assert tables.count("ledger_transaction") == 0

    def test_refuses_amounts_beyond_its_numbers(self) -> None:
        with pytest.raises(DatabaseError, match="out of range"):
            raw(_INSERT, ["A", "B", "C"], f"{{{2**63 - 1},1,{-(2**63)}}}")

    @pytest.mark.parametrize("accounts", [["A"], ["A", "B", "C"], ["A", None], []])
    def test_refuses_amounts_without_an_account(self, accounts: list[str | None]) -> None:
        with pytest.raises(DatabaseError, match="ledger_transaction_well_formed"):
            raw(_INSERT, accounts, "{1,-1}")

    def test_takes_up_to_eight_postings(self) -> None:
        raw(_INSERT, list("ABCDEFGH"), "{1,1,1,1,1,1,1,-7}")

        assert tables.count("ledger_transaction") == 1

    @pytest.mark.parametrize(
        "statement",
        [
            "update ledger_transaction set amounts = '{1,-1}'",
            "update ledger_transaction set posted_at = now() where reference = 'nobody'",
            "delete from ledger_transaction",
            "truncate ledger_transaction",
        ],
    )
    def test_refuses_to_change_what_is_recorded(self, statement: str) -> None:
        post(*paid())
        before = tables.rows("ledger_transaction")

        with pytest.raises(DatabaseError, match="never changed") as refused:
            raw(statement)

        cause = refused.value.__cause__
        assert isinstance(cause, psycopg.errors.RestrictViolation)
        assert cause.diag.constraint_name == "ledger_transaction_immutable"
        assert tables.rows("ledger_transaction") == before


@pytest.mark.usefixtures("committed_db")
class TestAtTheSameTime:
    def test_a_balance_is_not_spent_twice(self) -> None:
        committed(top_up("t", 1000))

        outcomes = together(*[lambda n=n: committed(spend(f"o{n}", 300)) for n in range(20)])

        kinds = [type(outcome) for (outcome,) in outcomes]
        assert (kinds.count(Posted), kinds.count(BalanceTooLow)) == (3, 17)
        assert ledger.read_balances(accounts=[ADA]) == ledger.sum_entries(accounts=[ADA]) == {ADA: -100}
        assert wrong_in_the_books() == []

    def test_a_reference_counts_once(self) -> None:
        committed(top_up("t", 1000))

        for number in range(5):
            batch = [spend(f"o{number}", 10), *paid(f"p{number}", 7)]
            outcomes = together(*[lambda batch=batch: committed(*batch)] * 8)

            assert sorted(one.is_repeat for (one, _, _) in outcomes if isinstance(one, Posted)) == [False] + [True] * 7
        assert tables.count("ledger_transaction") == 16
        assert ledger.read_balances(accounts=[ADA, REVENUE]) == {ADA: -950, REVENUE: -35}
        assert wrong_in_the_books() == []

    def test_batches_in_opposite_sequence_never_wait_in_a_circle(self) -> None:
        customers = [f"c{n}" for n in range(12)]

        def batch(number: int) -> list[ledger.Transaction]:
            named = list(reversed(customers)) if number % 2 else customers
            shared = [t for n in (named[:4]) for t in paid(f"shared-{n}", 5)]
            ups = [top_up(f"t-{number}-{c}", 100, customer=c) for c in named]
            return [*shared, *ups, *[spend(f"s-{number}-{c}", 40, customer=c) for c in named]]

        def poster(start: int) -> None:
            for number in range(start, start + 10):
                committed(*batch(number))

        together(*[lambda start=start: poster(start) for start in (0, 101, 200, 301)])

        assert wrong_in_the_books() == []
        ada_and_others = [ledger.Account(kind=ADA.kind, currency="GBP", owner=c) for c in customers]
        assert set(ledger.read_balances(accounts=ada_and_others).values()) == {-40 * 60}

    def test_accounts_that_all_share_make_nobody_wait(self) -> None:
        """One transaction is left open; the others commit beside it."""
        with transaction.atomic():
            post(*paid("open"))
            with connection.cursor() as cursor:
                cursor.execute("select pg_backend_pid() % 16")
                (mine,) = cursor.fetchone()
            shards = together(*[lambda n=n: _shard_unless(mine, f"other-{n}") for n in range(8)])

        assert any(shard != mine for shard in shards)
        assert wrong_in_the_books() == []


def _shard_unless(taken: int, order: str) -> int:
    """Post on a connection of one's own, unless it would share the shard that is held."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid() % 16")
        (shard,) = cursor.fetchone()
    if shard != taken:
        committed(*paid(order))
    return int(shard)


def committed(*transactions: ledger.Transaction) -> list[ledger.Outcome]:
    with db.write():
        return post(*transactions)


def _tampered(statement: str) -> None:
    with tables.unguarded(), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount != 0, "The tampering itself did nothing."


@pytest.mark.django_db
class TestCleared:
    """What a provider's money did: by the names of transactions, and by the time at which they were posted."""

    def test_is_told_for_one_provider_with_its_sign(self) -> None:
        post(*paid("1", 2500))
        post(
            ledger.standard.fee(reference="pi_1", provider="stripe", amount=gbp(60)),
            ledger.standard.refund(reference="re_1", order="1", provider="stripe", amount=gbp(500)),
            ledger.standard.fee(reference="other", provider="alipay", amount=gbp(1)),
        )
        names = [
            (Kind.CAPTURE, "pi_1"),
            (Kind.FEE, "pi_1"),
            (Kind.REFUND, "re_1"),
            (Kind.FEE, "other"),
            (Kind.SALE, "1"),
            (Kind.FEE, "none"),
        ]

        by_name = ledger.find_cleared(provider="stripe", names=names)
        hour = dt.timedelta(hours=1)
        by_time = list(ledger.stream_cleared(provider="stripe", since=NOON, until=NOON + hour))
        before = list(ledger.stream_cleared(provider="stripe", since=NOON - hour, until=NOON))

        told = {(one.kind, one.reference): one.amount for one in by_name}
        assert told == {
            (Kind.CAPTURE, "pi_1"): gbp(2500),
            (Kind.FEE, "pi_1"): gbp(-60),
            (Kind.REFUND, "re_1"): gbp(-500),
        }
        assert {(one.kind, one.reference): one.amount for one in by_time} == told
        assert (len(by_time), before, {one.posted_at for one in by_time}) == (3, [], {NOON})

    def test_of_a_day_is_found_by_its_index(self) -> None:
        post(*paid("1", 2500))
        with connection.cursor() as cursor:
            cursor.execute(
                "explain select kind from ledger_transaction where posted_at >= %s and posted_at < %s", (NOON, NOON)
            )
            plan = "\n".join(row[0] for row in cursor.fetchall())

        assert "ledger_transaction_posted" in plan


@pytest.mark.django_db
class TestDifferences:
    @pytest.fixture(autouse=True)
    def books(self, db: None) -> None:
        post(*itertools.chain(*[paid(f"{n}", 100 + n) for n in range(5)]), top_up("t", 1000), spend("9", 300))

    def test_are_none_in_sound_books(self) -> None:
        assert wrong_in_the_books() == []

    def test_find_a_balance_that_was_changed(self) -> None:
        _tampered("update ledger_balance set balance = balance - 1 where account = 'CUSTOMER_BALANCE:ada'")

        (found,) = ledger.find_differences()

        assert (found.account, found.balance, found.by_entries) == ("CUSTOMER_BALANCE:ada", -701, -700)

    def test_find_a_shard_that_vanished(self) -> None:
        _tampered("delete from ledger_balance where account = 'REVENUE'")

        (found,) = ledger.find_differences()

        assert (found.account, found.balance, found.by_entries) == ("REVENUE", 0, -510)

    def test_find_a_transaction_that_vanished(self) -> None:
        _tampered("delete from ledger_transaction where kind = 'CAPTURE' and reference = 'pi_3'")

        (found,) = ledger.find_differences()

        assert (found.account, found.balance, found.by_entries) == ("PROVIDER_CLEARING:stripe", 1510, 1407)

    def test_find_a_transaction_that_somebody_slipped_in(self) -> None:
        raw(_INSERT, ["CUSTOMER_BALANCE:ada", "REVENUE"], "{800,-800}")

        assert {found.account for found in ledger.find_differences()} == {"CUSTOMER_BALANCE:ada", "REVENUE"}
        (overdrawn,) = ledger.find_overdrawn()
        assert (overdrawn.account, overdrawn.balance) == ("CUSTOMER_BALANCE:ada", -100)

    def test_find_amounts_that_were_changed_behind_the_constraint(self) -> None:
        _tampered("alter table ledger_transaction drop constraint ledger_transaction_sums_to_zero; select 1")
        _tampered("update ledger_transaction set amounts = '{5,-4}' where reference = 'pi_3'")

        (found,) = ledger.find_unbalanced()

        assert (found.kind, found.reference, found.postings, found.total) == ("CAPTURE", "pi_3", 2, 1)
        assert {wrong.account for wrong in ledger.find_differences()} == {"PROVIDER_CLEARING:stripe"}
