"""Claims decided by staff, and compensation: once, within caps, approved where it has to be, and in the books."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from evertill.domains import balances, claims, ledger, trail
from evertill.domains.approvals import ApprovalRequired
from evertill.domains.claims import About, Award, Cap, Decision, Proofs, Rule, Way
from evertill.domains.messages.models import Message
from evertill.domains.trail import Search
from evertill.journeys import decide_approvals
from evertill.journeys.audit_books import Check, audit_books
from evertill.journeys.compensate_claim import (
    Compensate,
    NothingDue,
    NotProved,
    ask_to_compensate,
    ask_to_declare,
    compensate_claim,
    declare_policy,
    list_policies,
)
from evertill.journeys.decide_claim import (
    AnswerMissing,
    OrderUnknown,
    answer_claim,
    ask_to_rebuild,
    list_claims,
    look_again,
    rebuild_claimed,
    view_as_staff,
)
from evertill.journeys.file_claim import AskedClaim, Filed, file_claim
from evertill.journeys.permitted import Forbidden
from evertill.journeys.place_orders import Placed
from evertill.journeys.view_claim import Stage, view_claim
from evertill.kernel import db, ids
from evertill.kernel.versions import ChangedMeanwhile
from tests.askers import MACHINE, customer, staff
from tests.builders import NOON, ask, make_product, place_one

ADA = "ada@example.com"
LOST = Rule(about=About.LOST_ORDER, currency="GBP", fixed=200, percent_bp=1_000, order_max=1_000, alone_max=250)
LATE = Rule(about=About.LATE_DELIVERY, currency="GBP", per_day=100, grace_days=1, order_max=5_000, alone_max=5_000)
CAP = Cap(currency="GBP", customer_month_max=600, month_max=10_000)


def _placed(key: str = "one", *, pieces: int = 1, account_id: int | None = None) -> Placed:
    return place_one(ask(key, {"TEA": pieces}, email=ADA, account_id=account_id))


def _filed(placed: Placed, *, proved: bool = True, receipt: bool = False) -> Filed:
    asked = AskedClaim(
        about=About.LOST_ORDER,
        contact=ADA,
        number=placed.number,
        email=ADA,
        receipt=placed.receipt if receipt else "",
        language="en",
    )
    filed = file_claim(asked=asked, session=None, caller=placed.number, now=NOON)
    if proved:
        with db.write():
            claims.operations.lock(claim_id=filed.id)
            claims.operations.keep_proofs(claim_id=filed.id, proofs=Proofs(email=ADA), actor="customer", now=NOON)
    return filed


def _declare(*rules: Rule, seen: int = 0, cap: Cap = CAP) -> None:
    declare_policy(asker=MACHINE, seen=seen, rules=rules or (LOST, LATE), caps=(cap,), why="fair", now=NOON)


def _give(filed: Filed, placed: Placed, **changes: Any) -> Compensate:
    fields: dict[str, Any] = {
        "about": About.LOST_ORDER,
        "way": Way.BALANCE,
        "version": 1,
        "why": "lost in a fire",
        **changes,
    }
    return Compensate(claim_id=filed.id, order_id=placed.order.id, **fields)


def _left(award: Award) -> int:
    account = ledger.Account(
        kind=ledger.AccountKind.CUSTOMER_BALANCE, currency="GBP", owner=ids.to_number(award.target_id)
    )
    return -ledger.read_balances(accounts=[account])[account]


@pytest.fixture(autouse=True)
def _goods(committed_db: None) -> None:
    make_product("TEA", pieces=100)


class TestAnswering:
    def test_shows_the_order_to_its_customer(self) -> None:
        placed = _placed()
        filed = _filed(placed)
        clerk = staff(7, "support")

        answer_claim(
            asker=clerk,
            claim_id=filed.id,
            decision=Decision.SHOWN,
            order_id=placed.order.id,
            answer="It is here.",
            now=NOON,
        )

        shown = view_claim(claim_id=filed.id)
        assert (shown.state, shown.decision, shown.answer) == (Stage.ANSWERED, Decision.SHOWN, "It is here.")
        assert shown.answered is not None
        assert shown.answered.number == placed.number
        (record,) = trail.read_records(search=Search(operation="claims.answer"), limit=10)
        assert (record.actor_id, record.subject_id) == ("7", filed.number)

    def test_tells_a_stranger_no_more_than_the_words(self) -> None:
        placed = _placed()
        filed = _filed(placed, proved=False)

        answer_claim(
            asker=MACHINE,
            claim_id=filed.id,
            decision=Decision.SHOWN,
            order_id=placed.order.id,
            answer="Please prove your address.",
            now=NOON,
        )

        shown = view_claim(claim_id=filed.id)
        assert (shown.decision, shown.answered, shown.found) == (None, None, ())

    def test_needs_the_permission_words_and_an_order(self) -> None:
        placed = _placed()
        filed = _filed(placed)
        shop: dict[str, Any] = {"claim_id": filed.id, "decision": Decision.SHOWN, "now": NOON}

        with pytest.raises(Forbidden):
            answer_claim(asker=customer(9), order_id=placed.order.id, answer="Mine.", **shop)
        with pytest.raises(AnswerMissing):
            answer_claim(asker=MACHINE, order_id=placed.order.id, answer=" ", **shop)
        with pytest.raises(OrderUnknown):
            answer_claim(asker=MACHINE, order_id=1, answer="Here.", **shop)
        assert [one.id for one in list_claims(asker=MACHINE, limit=10, now=NOON)] == [filed.id]

    def test_is_done_once_and_on_what_was_seen(self) -> None:
        filed = _filed(_placed())
        nothing: dict[str, Any] = {
            "claim_id": filed.id,
            "decision": Decision.NOTHING_FOUND,
            "answer": "No.",
            "now": NOON,
        }
        with pytest.raises(ChangedMeanwhile):
            answer_claim(seen=0, asker=MACHINE, **nothing)

        answer_claim(
            seen=view_as_staff(asker=MACHINE, claim_id=filed.id, now=NOON).claim.version, asker=MACHINE, **nothing
        )

        with pytest.raises(claims.operations.ClaimMoved):
            answer_claim(asker=MACHINE, **nothing)
        assert list_claims(asker=MACHINE, limit=10, now=NOON) == []

    def test_staff_see_the_evidence(self) -> None:
        placed = _placed()
        filed = _filed(placed)

        (weighed,) = view_as_staff(asker=MACHINE, claim_id=filed.id, now=NOON).weighed

        assert weighed.is_his
        assert weighed.order is not None
        assert weighed.order.email == ADA
        assert [(one.clue.value, one.points) for one in weighed.finding.evidence] == [("NUMBER", 60), ("EMAIL", 30)]

    def test_looking_again_finds_what_came_since(self) -> None:
        filed = file_claim(
            asked=AskedClaim(about=About.LOST_ORDER, contact=ADA, email=ADA, amount=250, currency="GBP"),
            session=None,
            caller="x",
            now=NOON,
        )
        placed = _placed()

        search = look_again(asker=MACHINE, claim_id=filed.id, now=NOON)

        assert [one.order_id for one in search.findings] == [placed.order.id]


class TestRebuilding:
    def test_puts_a_lost_order_back_from_its_receipt(self) -> None:
        placed = _placed()
        filed = _filed(placed, receipt=True)
        _lose(placed)
        clerk, other = staff(7, "administrator"), staff(8, "finance")
        words: dict[str, Any] = {"claim_id": filed.id, "why": "lost", "now": NOON}
        with pytest.raises(ApprovalRequired):
            rebuild_claimed(asker=clerk, answer="It is back.", **words)
        asked = ask_to_rebuild(asker=clerk, **words)
        decide_approvals.decide(asker=other, approval_id=asked.id, is_approved=True, why="yes", now=NOON)

        rebuilt = rebuild_claimed(asker=clerk, answer="It is back.", **words)

        assert (rebuilt.number, rebuilt.order.total, rebuilt.order.email) == (placed.number, placed.order.total, ADA)
        shown = view_claim(claim_id=filed.id)
        assert shown.decision is Decision.REBUILT
        assert shown.answered is not None
        assert shown.answered.number == placed.number


def _lose(placed: Placed) -> None:
    """What a restore of an older moment does to one order."""
    with db.write():
        db.execute("delete from orders_event where order_id = %s", (placed.order.id,))
        db.execute("delete from orders_line where order_id = %s", (placed.order.id,))
        db.execute("delete from orders_order where id = %s", (placed.order.id,))


class TestCompensation:
    def test_promises_nothing_unless_the_owner_does(self) -> None:
        placed = _placed()

        with pytest.raises(NothingDue):
            compensate_claim(asker=MACHINE, asked=_give(_filed(placed), placed, version=0), now=NOON)

    def test_goes_to_a_balance_once_and_adds_up(self) -> None:
        _declare()
        placed = _placed()
        filed = _filed(placed)

        award = compensate_claim(asker=staff(7, "support"), asked=_give(filed, placed), now=NOON)

        # 2.00 and 10 % of 2.50.
        assert (award.amount.amount, award.version, award.rule, award.approved_by) == (225, 1, 0, "")
        assert _left(award) == 225
        assert balances.read(balance_id=award.target_id) is not None
        assert audit_books() == []
        with pytest.raises(claims.operations.AlreadyGiven):
            compensate_claim(asker=MACHINE, asked=_give(filed, placed), now=NOON)
        (record,) = trail.read_records(search=Search(operation="compensation.give"), limit=10)
        assert record.why == "lost in a fire"

    def test_is_given_once_by_eight_at_once(self) -> None:
        _declare()
        placed = _placed()
        filed = _filed(placed)

        def give(_: int) -> bool:
            try:
                compensate_claim(asker=MACHINE, asked=_give(filed, placed), now=NOON)
            except claims.operations.AlreadyGiven:
                return False
            finally:
                db.close()
            return True

        with ThreadPoolExecutor(8) as pool:
            given = list(pool.map(give, range(8)))

        assert sum(given) == 1
        (award,) = claims.queries.awards_of_claim(claim_id=filed.id)
        assert _left(award) == 225

    def test_above_its_limit_takes_another_person(self) -> None:
        _declare()
        placed = _placed(pieces=3)
        filed = _filed(placed)
        clerk, other = staff(7, "support"), staff(8, "finance")
        asked = _give(filed, placed)
        with pytest.raises(ApprovalRequired):
            compensate_claim(asker=clerk, asked=asked, now=NOON)

        approval = ask_to_compensate(asker=clerk, asked=asked, why="please", now=NOON)
        decide_approvals.decide(asker=other, approval_id=approval.id, is_approved=True, why="yes", now=NOON)
        award = compensate_claim(asker=clerk, asked=asked, now=NOON)

        assert (award.amount.amount, award.approved_by) == (275, "STAFF:8")

    def test_a_customer_gets_so_much_in_a_month(self) -> None:
        _declare()
        amounts = []
        for place, days in enumerate((6, 6, 6)):
            placed = _placed(f"key-{place}")
            asked = _give(_filed(placed), placed, about=About.LATE_DELIVERY, delay_days=days)
            try:
                amounts.append(compensate_claim(asker=MACHINE, asked=asked, now=NOON).amount.amount)
            except NothingDue:
                amounts.append(0)

        assert amounts == [500, 100, 0]
        later = _placed("key-later")
        asked = _give(_filed(later), later, about=About.LATE_DELIVERY, delay_days=6)
        month = NOON + dt.timedelta(days=31)
        assert compensate_claim(asker=MACHINE, asked=asked, now=month).amount.amount == 500

    def test_is_not_given_to_a_stranger_who_filed(self) -> None:
        _declare()
        placed = _placed()

        with pytest.raises(NotProved):
            compensate_claim(asker=MACHINE, asked=_give(_filed(placed, proved=False), placed), now=NOON)

        assert list(_awards()) == []

    def test_nobody_compensates_himself(self) -> None:
        _declare()
        placed = _placed(account_id=7)
        filed = _filed(placed)

        with pytest.raises(Forbidden):
            compensate_claim(asker=staff(7, "support"), asked=_give(filed, placed), now=NOON)

    def test_an_unpaid_order_has_nothing_to_refund(self) -> None:
        _declare()
        placed = _placed()

        with pytest.raises(Exception, match="no payment has bought it"):
            compensate_claim(asker=MACHINE, asked=_give(_filed(placed), placed, way=Way.REFUND), now=NOON)

        assert list(_awards()) == []

    def test_follows_the_policy_that_was_looked_at(self) -> None:
        _declare()
        _declare(LOST, seen=1)
        placed = _placed()

        with pytest.raises(claims.operations.PolicyChanged):
            compensate_claim(asker=MACHINE, asked=_give(_filed(placed), placed, version=1), now=NOON)

    @pytest.mark.parametrize(
        "tamper",
        [
            "update claims_award set amount = amount + 1",
            "update claims_award set rule = 7",
            "delete from claims_award",
            "update claims_award set way = 'REFUND'",
        ],
    )
    def test_the_audit_finds_what_was_tampered_with(self, tamper: str) -> None:
        _declare()
        placed = _placed()
        compensate_claim(asker=MACHINE, asked=_give(_filed(placed), placed), now=NOON)
        assert audit_books() == []

        with db.write():
            db.execute(tamper)

        assert Check.COMPENSATED in {finding.check for finding in audit_books()}


def _awards() -> list[Award]:
    with db.snapshot():
        return list(claims.queries.stream_awards())


class TestPolicy:
    def test_takes_two_people_and_keeps_every_version(self) -> None:
        maker, other = staff(7, "administrator"), staff(8, "finance")
        words: dict[str, Any] = {"seen": 0, "rules": (LOST,), "caps": (CAP,), "why": "fair", "now": NOON}
        with pytest.raises(ApprovalRequired):
            declare_policy(asker=maker, **words)

        approval = ask_to_declare(asker=maker, **words)
        decide_approvals.decide(asker=other, approval_id=approval.id, is_approved=True, why="yes", now=NOON)
        policy = declare_policy(asker=maker, **words)

        assert (policy.version, policy.rules, policy.caps) == (1, (LOST,), (CAP,))
        _declare(LOST, LATE, seen=1)
        assert [one.version for one in list_policies(asker=MACHINE, limit=10, now=NOON)] == [2, 1]

    def test_support_cannot_declare_one(self) -> None:
        with pytest.raises(Forbidden):
            declare_policy(asker=staff(7, "support"), seen=0, rules=(LOST,), caps=(CAP,), why="me", now=NOON)

    def test_who_was_slower_is_told(self) -> None:
        _declare()

        with pytest.raises(claims.operations.PolicyChanged):
            _declare()


class TestTelling:
    def test_says_that_there_is_an_answer_and_not_what(self) -> None:
        placed = _placed()
        strange = file_claim(
            asked=AskedClaim(
                about=About.LOST_ORDER, contact="eve@example.com", number=placed.number, language="zh-hans"
            ),
            session=None,
            caller="eve",
            now=NOON,
        )

        answer_claim(
            asker=staff(7, "support"),
            claim_id=strange.id,
            decision=Decision.SHOWN,
            order_id=placed.order.id,
            answer="Your order is here.",
            now=NOON,
        )

        (row,) = _messages()
        assert (row["kind"], row["recipient"], row["language"]) == ("CLAIM_ANSWERED", "eve@example.com", "zh-hans")
        assert row["facts"] == {"claim": strange.number}
        assert (row["order_id"], row["claim_id"]) == (None, strange.id)

    def test_goes_by_sms_where_there_is_no_mail(self) -> None:
        filed = file_claim(
            asked=AskedClaim(about=About.OTHER, contact="+8613800138000", number="0E9V", language="en"),
            session=None,
            caller="x",
            now=NOON,
        )

        answer_claim(
            asker=MACHINE, claim_id=filed.id, decision=Decision.NOTHING_FOUND, answer="There is nothing.", now=NOON
        )

        (row,) = _messages()
        assert (row["channel"], row["recipient"]) == ("SMS", "+8613800138000")

    def test_tells_what_was_given_to_who_proved_that_it_is_his(self) -> None:
        placed = _placed()
        filed = _filed(placed)
        _declare()

        award = compensate_claim(asker=staff(7, "support"), asked=_give(filed, placed), now=NOON)

        (row,) = _messages()
        assert (row["kind"], row["recipient"]) == ("COMPENSATED", ADA)
        assert row["facts"] == {"claim": filed.number, "amount": "225", "currency": "GBP", "way": "BALANCE"}
        assert str(award.amount) == "2.25 GBP"


def _messages() -> list[dict[str, Any]]:
    return [dict(row) for row in Message.objects.order_by("key").values()]
