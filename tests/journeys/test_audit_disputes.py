"""The audit of disputes: silent while they come and go, and it finds each kind of tampering."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evertill.domains import disputes, payments
from evertill.domains.payments import Intent
from evertill.journeys.audit_books import Check, Finding, audit_books
from evertill.kernel import ids
from tests import tables
from tests.disputing import ask, make_twin, paid, tell
from tests.journeys.test_audit_books import tamper

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def intents(committed_db: None) -> Iterator[list[Intent]]:
    """A shop with four payments: disputed and open, won, lost, and never disputed."""
    twin = make_twin()
    payments.register(twin)
    made = [paid(twin, sku)[1] for sku in ("TEA", "CUP", "POT", "JAR")]
    for name, intent, standing in zip(("D1", "D2", "D3"), made, ("OPEN", "WON", "LOST"), strict=False):
        tell(twin, intent, standing, name=name)
        ask(intent)
    yield made
    payments.register()


class TestASoundShop:
    def test_has_no_difference(self, intents: list[Intent]) -> None:
        findings = audit_books()

        assert findings == []


class TestTampering:
    def test_finds_a_dispute_that_vanished(self, intents: list[Intent]) -> None:
        tamper("delete from disputes_dispute where provider_id = 'D1'")
        lone = next(found.dispute_id for found in disputes.find_history_differences())

        findings = audit_books()

        number = ids.to_number(intents[0].id)
        assert findings == [
            Finding(check=Check.DISPUTES, subject=ids.to_number(lone), detail="state None, last move OPENED"),
            Finding(
                check=Check.DISPUTED,
                subject="twin:D1 DISPUTE_OPENED",
                detail="disputed nothing, in the ledger 2.50 GBP",
            ),
            Finding(check=Check.HELD_BACK, subject=number, detail="disputed 250, by its disputes 0"),
            Finding(
                check=Check.HOLDS,
                subject=ids.to_number(intents[0].order_id),
                detail="twin:D1 is open, which cannot be",
            ),
        ]

    def test_finds_a_verdict_that_was_set_by_hand(self, intents: list[Intent]) -> None:
        tamper("update disputes_dispute set state = 'WON' where provider_id = 'D3'")

        findings = audit_books()

        assert [(finding.check, finding.detail) for finding in findings] == [
            (Check.DISPUTES, "state WON, last move LOST"),
            (Check.DISPUTED, "disputed nothing, in the ledger 2.50 GBP"),
            (Check.DISPUTED, "disputed 2.50 GBP, in the ledger nothing"),
            (Check.HELD_BACK, "disputed 250, by its disputes 0"),
            (Check.HOLDS, "twin:D3 is lost, which cannot be"),
        ]

    def test_finds_an_entry_that_vanished_from_the_ledger(self, intents: list[Intent]) -> None:
        with tables.unguarded():
            tamper("delete from ledger_transaction where kind = 'DISPUTE_WON'")

        findings = [finding for finding in audit_books() if finding.check is Check.DISPUTED]

        detail = "disputed 2.50 GBP, in the ledger nothing"
        assert findings == [Finding(check=Check.DISPUTED, subject="twin:D2 DISPUTE_WON", detail=detail)]

    def test_finds_another_amount(self, intents: list[Intent]) -> None:
        tamper("update disputes_dispute set amount = 200 where provider_id = 'D1'")

        findings = audit_books()

        number = ids.to_number(intents[0].id)
        assert findings == [
            Finding(
                check=Check.DISPUTED,
                subject="twin:D1 DISPUTE_OPENED",
                detail="disputed 2.00 GBP, in the ledger 2.50 GBP",
            ),
            Finding(check=Check.HELD_BACK, subject=number, detail="disputed 250, by its disputes 200"),
        ]

    def test_finds_money_that_could_be_given_back_on_top(self, intents: list[Intent]) -> None:
        tamper("update payments_intent set disputed = 0 where id = %s", intents[0].id)

        findings = audit_books()

        number = ids.to_number(intents[0].id)
        assert findings == [Finding(check=Check.HELD_BACK, subject=number, detail="disputed 0, by its disputes 250")]

    @pytest.mark.parametrize(
        ("statement", "place", "detail"),
        [
            (
                "update orders_hold set released_at = now(), released_by = 'x' where subject = 'twin:D1'",
                0,
                "twin:D1 is open, which does not hold it",
            ),
            ("delete from orders_hold where subject = 'twin:D3'", 2, "twin:D3 is lost, which does not hold it"),
        ],
    )
    def test_finds_goods_that_were_let_go(self, intents: list[Intent], statement: str, place: int, detail: str) -> None:
        tamper(f"{statement} and released_at is null")

        findings = audit_books()

        subject = ids.to_number(intents[place].order_id)
        assert findings == [Finding(check=Check.HOLDS, subject=subject, detail=detail)]

    def test_finds_a_hold_that_nothing_explains(self, intents: list[Intent]) -> None:
        tamper("update orders_hold set order_id = %s where subject = 'twin:D1'", intents[3].order_id)

        findings = audit_books()

        assert {(finding.subject, finding.detail) for finding in findings} == {
            (ids.to_number(intents[0].order_id), "twin:D1 is open, which does not hold it"),
            (ids.to_number(intents[3].order_id), "twin:D1 is open, which cannot be"),
        }

    def test_finds_a_gap_in_a_history(self, intents: list[Intent]) -> None:
        tamper("update disputes_move set position = 7 where state = 'WON'")

        findings = audit_books()

        assert [(finding.check, finding.detail) for finding in findings] == [
            (Check.DISPUTES, "state WON, last move WON")
        ]
