"""Money at the desk: given back alone or with another person, again and by hand; confirmed; and what waits for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse

from evertill.domains import approvals, incidents, payments, preferences, reconciliation, trail
from evertill.domains.access import Permission
from evertill.domains.approvals import Approval
from evertill.domains.orders import State
from evertill.domains.trail import Search
from evertill.journeys.place_orders import Placed
from evertill.journeys.reconcile_bill import reconcile_bill
from evertill.kernel import clock, db, ids
from evertill.kernel.money import Money
from evertill.outside.offline_provider import OfflineProvider
from tests import tables
from tests.desk.clerks import Clerk, clerk, text_of
from tests.paying import are_books_sound, placed_order, settle, start, state_of
from tests.threads import together
from tests.twin import Twin


@pytest.fixture(autouse=True)
def twin(committed_db: None) -> Iterator[Twin]:
    provider = Twin()
    cash = OfflineProvider(name="cash", instructions="At the counter.", patience_s=72 * 3600)
    payments.register(provider, cash)
    yield provider
    assert are_books_sound()
    payments.register()


@pytest.fixture
def order(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Placed:
    """A paid order of 4 TEA at 2.50, in a shop whose staff give back 5.00 alone."""
    monkeypatch.setattr(preferences, "number", lambda _name: 500)
    placed = placed_order(wanted=4)
    intent = start(placed)
    twin.pay(intent)
    settle(intent)
    return placed


@pytest.fixture
def sue() -> Clerk:
    return clerk("support")


@pytest.fixture
def fin() -> Clerk:
    return clerk("finance")


def path(order: Placed) -> str:
    return f"refunds/order/{order.number}/"


def give(who: Clerk, order: Placed, **fields: Any) -> HttpResponse:
    form = {"what": "pieces", "pieces_0": "2", "reason": "broken", "key": "of this page"} | fields
    return who.post(path(order), **form)


def refunds() -> list[tuple[int, str]]:
    found = payments.list_refunds(states=list(payments.RefundState), behind=None, limit=20)
    return [(refund.amount, refund.state.value) for refund, _at in found]


def asked_by(who: Clerk) -> Approval:
    (found,) = approvals.list_of_asker(asked_by=who.asker.name, limit=2)
    return found


def approve(fin: Clerk, one: Approval, *, verdict: str = "approve") -> HttpResponse:
    fin.prove(Permission.REFUNDS_APPROVE, f"approval:{one.id}")
    return fin.post(f"approvals/{ids.to_number(one.id)}/decide", verdict=verdict, why="seen the photo")


class TestAlone:
    def test_pieces_up_to_the_limit_once_however_often_it_is_pressed(self, sue: Clerk, order: Placed) -> None:
        first, second = give(sue, order, restock="1"), give(sue, order, restock="1")

        assert first.headers["Location"].endswith("?done=succeeded")
        assert second.headers["Location"].endswith("?done=succeeded")
        assert refunds() == [(500, "SUCCEEDED")]
        assert "£5.00 Given back broken" in text_of(sue.get(path(order)))
        assert "£5.00 Given back broken" in text_of(sue.get("refunds/"))

    def test_an_amount_as_people_write_it(self, sue: Clerk, order: Placed) -> None:
        give(sue, order, what="amount", amount="1.25")

        assert refunds() == [(125, "SUCCEEDED")]

    @pytest.mark.parametrize(
        ("fields", "status", "told"),
        [
            ({"what": ""}, 422, "It is not clear what is to be given back."),
            ({"pieces_0": "0"}, 422, "It is not clear what is to be given back."),
            ({"what": "amount", "amount": "x"}, 422, "This is no amount."),
            ({"what": "amount", "amount": "1", "restock": "1"}, 422, "It is not clear"),
            ({"pieces_0": "5"}, 409, "More pieces than were bought"),
        ],
    )
    def test_says_what_cannot_be(
        self, sue: Clerk, order: Placed, fields: dict[str, str], status: int, told: str
    ) -> None:
        answer = give(sue, order, **fields)

        assert (answer.status_code, told in text_of(answer)) == (status, True)
        assert refunds() == []

    def test_is_not_for_who_only_looks(self, fin: Clerk, order: Placed) -> None:
        assert "Give it back" not in text_of(fin.get(path(order)))
        assert give(fin, order).status_code == 403
        assert clerk("fulfilment").get(path(order)).status_code == 403
        assert refunds() == []

    def test_two_at_once_stay_within_what_was_paid(self, order: Placed, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(preferences, "number", lambda _name: 10_000)
        clerks = [clerk("support") for _ in range(4)]

        together(*[lambda one=one: give(one, order, what="whole", key=str(one.account_id)) for one in clerks])

        assert refunds() == [(1000, "SUCCEEDED")]
        assert state_of(order) is State.REFUNDED


class TestWithAnotherPerson:
    def test_is_asked_decided_and_done_exactly_so(self, sue: Clerk, fin: Clerk, order: Placed) -> None:
        refused = give(sue, order, what="whole", restock="1")
        assert refused.status_code == 403
        assert 'name="why_ask"' in refused.content.decode()
        assert refunds() == []

        led = give(sue, order, what="whole", restock="1", ask="1", why_ask="all of it broken")
        one = asked_by(sue)
        assert led.headers["Location"] == f"/en/desk/approvals/{ids.to_number(one.id)}/?done=asked"
        assert "all of it broken" in text_of(fin.get("approvals/"))
        shown = text_of(fin.get(f"approvals/{ids.to_number(one.id)}/"))
        assert "10.00 GBP" in shown
        assert "Goods go back on sale yes" in shown

        assert approve(fin, one).headers["Location"].endswith("?done=approved")
        mine = sue.get(f"approvals/{ids.to_number(one.id)}/").content.decode()
        (way,) = re.findall(r'href="(/en/desk/refunds/order/[^"]+)"', mine)
        ready = sue.get(way.removeprefix("/en/desk/")).content.decode()
        fields = dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', ready.split("Give it back now")[0])
        )
        del fields["csrfmiddlewaretoken"]
        assert (fields["what"], fields["restock"]) == ("whole", "1")
        sue.post(path(order), **fields)

        assert refunds() == [(1000, "SUCCEEDED")]
        assert state_of(order) is State.REFUNDED
        assert asked_by(sue).state is approvals.State.SPENT
        (record,) = trail.read_records(search=Search(operation="orders.refund"), limit=2)
        assert fin.asker.name in record.after

    def test_approving_needs_a_proof_that_it_is_he_and_refusing_does_not(
        self, sue: Clerk, fin: Clerk, order: Placed
    ) -> None:
        give(sue, order, what="whole", ask="1", why_ask="please")
        one = asked_by(sue)
        at = f"approvals/{ids.to_number(one.id)}/decide"

        led = fin.post(at, verdict="approve", why="yes")
        assert "/account/prove" in led.headers["Location"]
        assert asked_by(sue).state is approvals.State.WAITING
        assert fin.post(at, verdict="refuse", why="no photo").headers["Location"].endswith("?done=refused")
        assert (asked_by(sue).state, asked_by(sue).decision) == (approvals.State.REFUSED, "no photo")
        assert give(sue, order, what="whole").status_code == 403

    def test_nobody_decides_his_own(self, order: Placed) -> None:
        own = clerk("owner")
        give(own, order, what="whole", ask="1", why_ask="please")
        one = asked_by(own)

        assert approve(own, one).status_code == 403
        assert "Another person decides this." in text_of(own.get(f"approvals/{ids.to_number(one.id)}/"))
        assert own.post(f"approvals/{ids.to_number(one.id)}/withdraw").headers["Location"].endswith("?done=withdrawn")
        assert asked_by(own).state is approvals.State.WITHDRAWN

    def test_two_who_decide_at_once_decide_once(self, sue: Clerk, order: Placed) -> None:
        give(sue, order, what="whole", ask="1", why_ask="please")
        one = asked_by(sue)
        deciders = [clerk("finance") for _ in range(4)]
        verdicts = ["approve", "refuse"] * 2

        answers = together(
            *[
                lambda who=who, verdict=verdict: approve(who, one, verdict=verdict)
                for who, verdict in zip(deciders, verdicts, strict=True)
            ]
        )

        assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
        decided = asked_by(sue)
        winner = next(i for i, answer in enumerate(answers) if answer.status_code == 303)
        assert decided.decided_by == deciders[winner].asker.name
        assert decided.state is (approvals.State.APPROVED if winner % 2 == 0 else approvals.State.REFUSED)

    def test_is_nothing_to_others(self, sue: Clerk, order: Placed) -> None:
        give(sue, order, what="whole", ask="1", why_ask="please")
        at = f"approvals/{ids.to_number(asked_by(sue).id)}/"

        assert clerk("fulfilment").get(at).status_code == 403
        assert clerk("auditor").get(at).status_code == 200
        assert "Nothing waits for your decision." in text_of(clerk("fulfilment").get("approvals/"))
        assert sue.get("approvals/x/").status_code == 404
        assert sue.get(f"approvals/{ids.to_number(7)}/").status_code == 409


class TestAgainAndByHand:
    def test_what_the_provider_refused_is_asked_again(self, sue: Clerk, order: Placed, twin: Twin) -> None:
        twin.refuses.add("refund")
        give(sue, order)
        assert refunds() == [(500, "FAILED")]
        (failed,) = payments.list_refunds(states=[payments.RefundState.FAILED], behind=None, limit=2)
        assert "Ask the provider again" in text_of(sue.get("refunds/?state=FAILED"))
        assert "A refund was refused" in text_of(sue.get("alerts/"))

        twin.refuses.clear()
        sue.post(f"refunds/{failed[0].number}/again")

        assert sorted(refunds()) == [(500, "FAILED"), (500, "SUCCEEDED")]
        assert incidents.read_open_alerts(limit=9) == []

    def test_cash_that_came_and_cash_that_went_back(
        self, sue: Clerk, fin: Clerk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(preferences, "number", lambda _name: 10_000)
        placed = placed_order("CUP", wanted=2)
        intent = start(placed, method="cash.offline")
        assert intent.number in text_of(fin.get("payments/"))
        at = f"payments/{intent.number}/confirm"

        assert fin.post(at, amount="5,00x", currency="GBP", reference="R-1").status_code == 422
        assert clerk("support").post(at, amount="5.00", currency="GBP", reference="R-1").status_code == 403
        assert fin.post(at, amount="5.00", currency="GBP", reference="R-1").headers["Location"].endswith("confirmed")
        assert state_of(placed) is State.PAID
        give(sue, placed, what="whole")
        assert refunds() == [(500, "REQUESTED")]
        (owed,) = payments.list_refunds(states=[payments.RefundState.REQUESTED], behind=None, limit=2)
        assert owed[0].number in text_of(fin.get("payments/"))

        assert "Was sent" in text_of(fin.get("refunds/"))
        fin.post(f"refunds/{owed[0].number}/sent", reference="OUT-1")

        assert refunds() == [(500, "SUCCEEDED")]

    def test_many_refunds_go_by_pages(self, sue: Clerk, order: Placed, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("evertill.entry.desk.refunds.views._PAGE", 2)
        for number in range(3):
            give(sue, order, what="amount", amount="0.5" + str(number), key=str(number))

        first = sue.get("refunds/").content.decode()
        (older,) = re.findall(r'rel="next" href="\?older=([^"]+)"', first)
        rest = sue.get(f"refunds/?older={older}").content.decode()

        assert (first.count('<tr><th scope="row"'), rest.count('<tr><th scope="row"')) == (2, 1)


class TestDifferences:
    @pytest.fixture
    def number(self, twin: Twin) -> str:
        """Money that a bill tells of, for no order that the shop knows."""
        now = clock.now()
        money = Money(amount=1250, currency="GBP")
        line = payments.BillLine(
            kind=payments.BillKind.CAPTURE, reference="of-another-shop", provider_id="pi_9", amount=money, at=now
        )
        twin.capabilities |= payments.Capability.BILL
        twin.bills[now.date()] = [line]
        reconcile_bill(provider=twin.name, date=now.date(), now=now)
        (found,) = reconciliation.read_open(limit=9)
        return found.number

    def test_lead_from_today_to_where_they_are_ended(self, fin: Clerk, number: str) -> None:
        assert "Bills and books that differ 1" in text_of(fin.get("today/"))
        assert "/desk/payments/#differences" in fin.get("today/").content.decode()
        shown = text_of(fin.get("payments/"))
        assert "Money that came: For no order that we know" in shown
        assert "£12.50" in shown

        assert fin.post(f"payments/differences/{number}/end", how="accept", why=" ").status_code == 422
        led = fin.post(f"payments/differences/{number}/end", how="accept", why="the other shop's")

        assert led.headers["Location"].endswith("?done=accepted")
        assert reconciliation.read_open(limit=9) == []
        assert "Bills and books that differ 0" in text_of(fin.get("today/"))
        assert "Bills and books say the same." in text_of(fin.get("payments/"))
        assert fin.post(f"payments/differences/{number}/end", how="book", why="again").status_code == 409

    def test_are_ended_by_who_may(self, sue: Clerk, number: str) -> None:
        assert "Let it stand" not in text_of(sue.get("payments/"))
        assert sue.post(f"payments/differences/{number}/end", how="accept", why="x").status_code == 403
        assert len(reconciliation.read_open(limit=9)) == 1


class TestAlerts:
    def raised(self, *subjects: str) -> list[str]:
        with db.write():
            for subject in subjects:
                incidents.raise_alert(kind="DRILL_FAILED", subject=subject, detail="why", now=clock.now())
        return sorted(str(alert.id) for alert in incidents.read_open_alerts(limit=9))

    def test_are_shown_with_what_to_do_and_closed_with_what_was_done(self, fin: Clerk) -> None:
        (number,) = self.raised("one")
        assert "A restore was tried and failed" in text_of(fin.get("alerts/"))
        assert "恢复演练失败" in text_of(fin.get("alerts/", language="zh-hans"))

        assert fin.post("alerts/close", alert=number, why="").status_code == 422
        assert fin.post("alerts/close", alert=number, why="tried again").headers["Location"].endswith("?done=closed")

        assert "No alert is open." in text_of(fin.get("alerts/"))
        (record,) = trail.read_records(search=Search(operation="alerts.close"), limit=2)
        assert record.why == "tried again"
        assert fin.post("alerts/close", alert=number, why="again").status_code == 404

    def test_many_are_looked_at_first(self, fin: Clerk) -> None:
        numbers = self.raised("one", "two")

        led = fin.post("alerts/close", alert=numbers, why="both seen")

        assert led.headers["Location"].startswith("/en/desk/bulk/")
        assert tables.count("bulk_item") == 2
        assert len(incidents.read_open_alerts(limit=9)) == 2

    def test_are_closed_by_who_may(self, sue: Clerk) -> None:
        (number,) = self.raised("one")

        assert 'name="alert"' not in sue.get("alerts/").content.decode()
        assert sue.post("alerts/close", alert=number, why="x").status_code == 403


@pytest.mark.parametrize("room", ["refunds", "payments", "approvals", "alerts"])
def test_rooms_are_told_in_chinese(room: str) -> None:
    titles = {"refunds": "退款", "payments": "付款", "approvals": "审批", "alerts": "提醒"}

    assert titles[room] in text_of(clerk("owner").get(f"{room}/", language="zh-hans"))


class TestReviewRefused:
    def test_says_what_goes_back_and_takes_another_person_above_the_limit(self, order: Placed, fin: Clerk) -> None:
        number, rae = order.number, clerk("risk-reviewer")
        rae.post(f"orders/{number}/review", why="odd")
        rae.post(f"reviews/{number}/take")
        page = text_of(rae.get(f"reviews/{number}/"))
        assert "Refuse, and give £10.00 back" in page
        assert "Another person has to approve that first." in page
        form = {"decision": "REFUSE", "why": "stolen card", "restock": "1"}
        assert "Another person has to approve this" in text_of(rae.post(f"reviews/{number}/decide", **form))

        rae.post(f"reviews/{number}/decide", **form, ask="1", why_ask="please")
        (approval,) = approvals.read_open(now=clock.now(), limit=9)
        with db.write():
            approvals.decide(
                approval_id=approval.id,
                is_approved=True,
                decided_by=f"STAFF:{fin.account_id}",
                decision="",
                now=clock.now(),
            )
        way = f"reviews/{number}/?approval={ids.to_number(approval.id)}"
        assert f"/desk/{way}" in rae.get(f"approvals/{ids.to_number(approval.id)}/").content.decode()
        ready = rae.get(way).content.decode()
        assert '<input type="hidden" name="restock" value="1">' in ready
        assert "readonly>stolen card</textarea>" in ready
        done = rae.post(f"reviews/{number}/decide", **form)

        assert done["Location"].endswith(f"reviews/{number}/?done=refused-succeeded")
        assert state_of(order) is State.REFUNDED
        assert "the money is on its way back" in text_of(rae.get(f"reviews/{number}/?done=refused-succeeded"))
