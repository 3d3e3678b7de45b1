"""Reconciling a day: what bill and books agree on, every way in which they can differ, and how each difference ends."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence

import pytest

from evertill.domains import incidents, ledger, orders, payments, reconciliation
from evertill.domains.ledger import AccountKind
from evertill.domains.payments import (
    BillKind,
    BillLine,
    Capability,
    DisputeStanding,
    DisputeTruth,
    Intent,
    RefundState,
    UnknownProvider,
)
from evertill.domains.reconciliation import DifferenceSettled, Ending, How, Kind, Run, RunOvertaken
from evertill.journeys.audit_books import Check, Finding, audit_books
from evertill.journeys.end_difference import NotCovered, SettleFirst, accept_difference, book_difference
from evertill.journeys.reconcile_bill import BillUnavailable, DayNotBegun, NoBill, reconcile_bill, reconcile_due
from evertill.journeys.settle_disputes import settle_disputes
from evertill.journeys.view_reconciliation import NotReconciled, Report, Shown, view_reconciliation
from evertill.kernel import config, ids
from evertill.kernel.money import Money
from tests import tables
from tests.askers import at_the_machine
from tests.builders import NOON
from tests.disputing import tell
from tests.ledgers import account
from tests.paying import are_books_sound, clearing, intent_of, owed, placed_order, refund, settle, start, state_of
from tests.twin import Twin

DAY = NOON.date()
NEXT = DAY + dt.timedelta(days=1)
MIDNIGHT = dt.datetime.combine(NEXT, dt.time(), tzinfo=dt.UTC)
# When the timetable fetches the bill of the day before.
MORNING = MIDNIGHT + dt.timedelta(hours=6, minutes=20)
_COUNTED = ("reconciliation_run", "reconciliation_line", "reconciliation_difference")


@pytest.fixture(autouse=True)
def twin(committed_db: None) -> Iterator[Twin]:
    provider = Twin(capabilities=Capability.PAGE | Capability.PARTIAL_REFUND | Capability.BILL)
    payments.register(provider)
    yield provider
    assert are_books_sound()
    payments.register()


def gbp(amount: int) -> Money:
    return Money(amount=amount, currency="GBP")


def paid(twin: Twin, sku: str = "TEA", *, fee: int = 24, now: dt.datetime = NOON) -> Intent:
    """A payment of 2.50 that was captured, and booked at `now`."""
    intent = start(placed_order(sku))
    twin.pay(intent, fee=fee)
    return settle(intent, now=now)


def line(
    kind: BillKind,
    intent: Intent | None,
    amount: int,
    *,
    part: str = "",
    currency: str = "GBP",
    reference: str | None = None,
    provider_id: str | None = None,
    at: dt.datetime = NOON,
) -> BillLine:
    return BillLine(
        kind=kind,
        reference=intent.number if intent and reference is None else reference or "",
        provider_id=intent.provider_id if intent and provider_id is None else provider_id or "",
        part_id=part,
        amount=Money(amount=amount, currency=currency),
        at=at,
    )


def billed(intent: Intent, *, fee: int = 24) -> list[BillLine]:
    """What a bill says of a payment of 2.50."""
    return [line(BillKind.CAPTURE, intent, 250), line(BillKind.FEE, intent, -fee)]


def bill(twin: Twin, *lines: BillLine, date: dt.date = DAY) -> None:
    twin.bills[date] = list(lines)


def reconcile(date: dt.date = DAY, *, now: dt.datetime = MORNING) -> Run:
    return reconcile_bill(provider="twin", date=date, now=now)


def view(date: dt.date = DAY, *, limit: int = 100) -> Report:
    return view_reconciliation(provider="twin", date=date, limit=limit)


def told(date: dt.date = DAY) -> list[tuple[str, str, str, int | None, int | None]]:
    """Every open difference: kind, about, suggested ending, our amount, theirs."""
    return [
        (
            shown.difference.kind.value,
            shown.difference.subject.about.value,
            shown.ending.value,
            shown.difference.ours.amount if shown.difference.ours else None,
            shown.difference.theirs.amount if shown.difference.theirs else None,
        )
        for shown in view(date).shown
    ]


def only(date: dt.date = DAY) -> Shown:
    (shown,) = view(date).shown
    return shown


def book(date: dt.date = DAY, *, now: dt.datetime = MORNING) -> How:
    return book_difference(
        difference_id=only(date).difference.id, asker=at_the_machine("ada"), why="as billed", now=now
    )


def accept(date: dt.date = DAY) -> None:
    accept_difference(
        difference_id=only(date).difference.id, asker=at_the_machine("ada"), why="they will correct it", now=MORNING
    )


def alerts() -> list[tuple[str, str, str]]:
    return [(alert.kind, alert.subject, alert.detail) for alert in incidents.read_open_alerts(limit=10)]


def counts(run: Run) -> tuple[int, int, int, int]:
    return run.lines, run.matched, run.pending, run.differences


def settled() -> list[tuple[str, str]]:
    from evertill.domains.reconciliation.models import Difference

    return list(Difference.objects.filter(state="SETTLED").order_by("id").values_list("how", "why"))


def balance(kind: AccountKind) -> int:
    wanted = account(kind)
    return ledger.sum_entries(accounts=[wanted])[wanted]


class TestABillThatAgrees:
    def test_leaves_nothing_open(self, twin: Twin) -> None:
        intent = paid(twin)
        back = refund(intent, amount=100)
        bill(twin, *billed(intent), line(BillKind.REFUND, intent, -100, part=f"ref_{back.number}"))
        entries = tables.rows("ledger_transaction")

        run = reconcile()

        assert counts(run) == (3, 3, 0, 0)
        assert (view().open, view().shown, alerts()) == ({}, [], [])
        assert tables.rows("ledger_transaction") == entries

    def test_is_kept_as_it_came(self, twin: Twin) -> None:
        from evertill.domains.reconciliation.models import Line

        intent = paid(twin)
        bill(twin, *billed(intent))

        reconcile()

        kept = Line.objects.order_by("position").values_list("reference", "provider_id", "part_id", "amount", "at")
        assert list(kept) == [
            (intent.number, intent.provider_id, "", 250, NOON),
            (intent.number, intent.provider_id, "", -24, NOON),
        ]

    def test_may_know_payments_by_the_providers_ids_only(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *(line(one.kind, intent, one.amount.amount, reference="") for one in billed(intent)))

        assert counts(reconcile()) == (2, 2, 0, 0)

    def test_may_know_a_refund_by_our_number(self, twin: Twin) -> None:
        intent = paid(twin)
        back = refund(intent, amount=100)
        bill(twin, *billed(intent), line(BillKind.REFUND, intent, -100, part=back.number))

        assert counts(reconcile()) == (3, 3, 0, 0)

    def test_may_have_one_capture_in_several_lines(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(
            twin,
            line(BillKind.CAPTURE, intent, 150),
            line(BillKind.CAPTURE, intent, 100),
            line(BillKind.FEE, intent, -24),
        )

        assert counts(reconcile()) == (3, 3, 0, 0)

    def test_is_compared_in_bounded_batches(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        small = dataclasses.replace(config.get(), bill_batch_max=2)
        monkeypatch.setattr(config, "get", lambda: small)
        bought = [paid(twin, sku) for sku in ("TEA", "CUP", "POT")]
        bill(twin, *(one for intent in bought for one in billed(intent)))

        assert counts(reconcile()) == (6, 6, 0, 0)

    def test_has_its_payouts_booked(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent), line(BillKind.PAYOUT, None, -226, part="po_1"))

        first, second = reconcile(), reconcile()

        assert counts(first) == counts(second) == (3, 3, 0, 0)
        assert (balance(AccountKind.BANK), clearing()) == (226, 0)

    def test_may_name_a_payout_as_the_ledger_cannot(self, twin: Twin) -> None:
        bill(twin, line(BillKind.PAYOUT, None, -226, part="Auszahlung Nr. 1"))

        reconcile()
        found = told()
        book()

        assert found == [("MISSING_HERE", "PAYOUT", "BOOK", None, -226)]
        assert (balance(AccountKind.BANK), counts(reconcile())) == (226, (1, 1, 0, 0))

    def test_of_a_provider_that_tells_fees_nowhere_else_has_them_booked(self, twin: Twin) -> None:
        twin.capabilities |= Capability.BILLED_FEES
        intent = paid(twin, fee=0)
        back = refund(intent, amount=100)
        bill(
            twin,
            *billed(intent),
            line(BillKind.REFUND, intent, -100, part=f"ref_{back.number}"),
            line(BillKind.FEE, intent, 9, part=f"ref_{back.number}"),
        )

        first, second = reconcile(), reconcile()

        assert counts(first) == counts(second) == (4, 4, 0, 0)
        assert (balance(AccountKind.FEES), clearing()) == (15, 135)


class TestMissingHere:
    def test_is_a_capture_that_we_think_unpaid_and_ends_by_asking_the_provider(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent, fee=24)
        bill(twin, *billed(intent))

        run = reconcile()
        found = told()
        settle(intent, now=MORNING)
        again = reconcile()

        assert counts(run) == (2, 0, 0, 2)
        assert found == [
            ("MISSING_HERE", "CAPTURE", "SETTLE", None, 250),
            ("MISSING_HERE", "FEE", "SETTLE", None, -24),
        ]
        assert counts(again) == (2, 2, 0, 0)
        assert settled() == [("FOUND_LATER", "found later")] * 2
        assert state_of(order) is orders.State.PAID

    def test_is_a_capture_whose_start_was_cut_short(self, twin: Twin) -> None:
        order = placed_order()
        twin.silent, twin.does_it_anyway = {"start"}, True
        with pytest.raises(payments.ProviderUnavailable):
            start(order)
        twin.silent = set()
        ((number, _),) = twin.payments.items()
        intent = payments.read_intents(intent_ids=[ids.from_number(number)])[ids.from_number(number)]
        twin.pay(intent)
        bill(twin, line(BillKind.CAPTURE, intent, 250, provider_id=f"pay_{number}"))

        reconcile()
        found = told()
        settle(intent, now=MORNING)

        assert found == [("MISSING_HERE", "CAPTURE", "SETTLE", None, 250)]
        assert counts(reconcile()) == (1, 1, 0, 0)

    def test_is_refused_as_a_correction_before_the_provider_was_asked(self, twin: Twin) -> None:
        intent = start(placed_order())
        bill(twin, line(BillKind.CAPTURE, intent, 250))
        reconcile()

        with pytest.raises(SettleFirst):
            book()

        assert (tables.count("ledger_transaction"), len(view().shown)) == (0, 1)

    @pytest.mark.parametrize("reference", ["", "not-a-number", ids.to_number(1 << 50)])
    def test_is_a_payment_that_is_not_ours_and_ends_by_a_word(self, twin: Twin, reference: str) -> None:
        bill(twin, line(BillKind.CAPTURE, None, 900, reference=reference, provider_id="pay_strange"))

        reconcile()
        found, raised = told(), alerts()
        accept()
        closed = alerts()
        again = reconcile()

        assert found == [("MISSING_HERE", "CAPTURE", "ACCEPT", None, 900)]
        assert raised == [("RECONCILIATION_OPEN", f"twin {DAY}", "1 MISSING_HERE")]
        assert closed == alerts() == []
        assert counts(again) == (1, 0, 0, 1)
        assert view().open == {}
        assert settled() == [("ACCEPTED", "they will correct it")]

    def test_is_a_payment_of_another_provider(self, twin: Twin) -> None:
        intent = paid(twin)
        other = Twin(name="other", capabilities=Capability.BILL)
        payments.register(twin, other)
        other.bills[DAY] = [line(BillKind.CAPTURE, intent, 250)]

        reconcile_bill(provider="other", date=DAY, now=MORNING)

        (shown,) = view_reconciliation(provider="other", date=DAY, limit=9).shown
        assert (shown.difference.kind, shown.ending) == (Kind.MISSING_HERE, Ending.ACCEPT)

    def test_is_a_fee_and_ends_in_the_books(self, twin: Twin) -> None:
        intent = paid(twin, fee=0)
        bill(twin, *billed(intent))

        reconcile()
        found = told()
        how = book()

        assert found == [("MISSING_HERE", "FEE", "BOOK", None, -24)]
        assert (how, clearing(), balance(AccountKind.FEES)) == (How.BOOKED, 226, 24)
        assert counts(reconcile()) == (2, 2, 0, 0)
        assert settled() == [("BOOKED", "as billed")]

    def test_is_a_fee_for_no_payment_and_ends_in_the_books(self, twin: Twin) -> None:
        bill(twin, line(BillKind.FEE, None, -500), line(BillKind.FEE, None, -7, part="txn_1"))

        reconcile()
        found = told()
        for shown in view().shown:
            book_difference(difference_id=shown.difference.id, asker=at_the_machine("ada"), why="monthly", now=MORNING)

        assert found == [("MISSING_HERE", "FEE", "BOOK", None, -7), ("MISSING_HERE", "FEE", "BOOK", None, -500)]
        assert (balance(AccountKind.FEES), clearing()) == (507, -507)
        assert counts(reconcile()) == (2, 2, 0, 0)

    def test_is_a_refund_that_somebody_made_at_the_provider(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent), line(BillKind.REFUND, intent, -100, part="re_by_hand"))

        reconcile()
        found = told()
        how = book()

        assert found == [("MISSING_HERE", "REFUND", "BOOK", None, -100)]
        assert how is How.RECORDED
        assert (intent_of(intent).refunded, clearing()) == (100, 126)
        assert (counts(reconcile()), alerts()) == ((3, 3, 0, 0), [])
        # The next day has our new booking, which stands on this day's bill.
        bill(twin, date=NEXT)
        assert counts(reconcile(NEXT, now=MORNING + dt.timedelta(days=1))) == (0, 0, 0, 0)

    def test_is_a_whole_refund_after_which_the_order_is_refunded(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent)
        settle(intent)
        bill(twin, line(BillKind.CAPTURE, intent, 250), line(BillKind.REFUND, intent, -250, part="re_by_hand"))

        reconcile()
        book()

        assert (state_of(order), owed(order), clearing()) == (orders.State.REFUNDED, 0, 0)

    def test_is_a_refund_of_more_than_is_left_which_never_becomes_ours(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent), line(BillKind.REFUND, intent, -251, part="re_by_hand"))
        reconcile()

        with pytest.raises(NotCovered):
            book()

        assert told() == [("MISSING_HERE", "REFUND", "ACCEPT", None, -251)]
        assert (intent_of(intent).refunded, tables.count("payments_refund")) == (0, 0)

    def test_is_our_own_refund_of_which_we_never_heard_the_end(self, twin: Twin) -> None:
        intent = paid(twin)
        twin.silent, twin.does_it_anyway = {"refund"}, True
        back = refund(intent, amount=100)
        assert back.state is RefundState.REQUESTED
        twin.silent = set()
        bill(twin, *billed(intent), line(BillKind.REFUND, intent, -100, part=f"ref_{back.number}"))

        reconcile()
        how = book()

        assert how is How.RECORDED
        assert (tables.count("payments_refund"), intent_of(intent).refunded, clearing()) == (1, 100, 126)
        assert counts(reconcile()) == (3, 3, 0, 0)

    def test_is_a_dispute_and_ends_by_asking_about_disputes(self, twin: Twin) -> None:
        intent = paid(twin)
        opened = DisputeTruth(
            provider_id="dp_1", standing=DisputeStanding.OPEN, amount=gbp(250), reason="fraudulent", fee=1500
        )
        twin.capabilities |= Capability.DISPUTES
        twin.disputed[intent.number] = [opened]
        bill(
            twin,
            *billed(intent),
            line(BillKind.DISPUTE, intent, -250, part="dp_1"),
            line(BillKind.FEE, intent, -1500, part="dp_1"),
        )

        reconcile()
        found = told()
        settle_disputes(intent_id=intent.id, actor="ada", now=MORNING)

        assert found == [
            ("MISSING_HERE", "DISPUTE", "CHECK_DISPUTES", None, -250),
            ("MISSING_HERE", "FEE", "CHECK_DISPUTES", None, -1500),
        ]
        assert counts(reconcile()) == (4, 4, 0, 0)

    def test_is_a_refund_of_money_that_is_disputed_and_ends_by_a_word(self, twin: Twin) -> None:
        intent = paid(twin)
        twin.capabilities |= Capability.DISPUTES
        tell(twin, intent, name="dp_1", amount=200)
        settle_disputes(intent_id=intent.id, actor="webhook", now=NOON)
        lines = [*billed(intent), line(BillKind.DISPUTE, intent, -200, part="dp_1")]
        bill(twin, *lines, line(BillKind.REFUND, intent, -51, part="theirs"))

        reconcile()

        assert told() == [("MISSING_HERE", "REFUND", "ACCEPT", None, -51)]

    def test_cannot_be_ended_twice(self, twin: Twin) -> None:
        bill(twin, line(BillKind.CAPTURE, None, 900, provider_id="pay_strange"))
        reconcile()
        number = only().difference.id
        accept()

        with pytest.raises(DifferenceSettled):
            book_difference(difference_id=number, asker=at_the_machine("ada"), why="again", now=MORNING)
        with pytest.raises(DifferenceSettled):
            accept_difference(difference_id=1, asker=at_the_machine("ada"), why="none such", now=MORNING)

        assert tables.count("ledger_transaction") == 0


class TestMissingThere:
    def test_is_a_capture_on_no_bill(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, line(BillKind.FEE, intent, -24))

        run = reconcile()
        found = only()
        accept()

        assert counts(run) == (1, 1, 0, 1)
        assert (found.difference.kind, found.ending) == (Kind.MISSING_THERE, Ending.ACCEPT)
        assert (found.difference.payment, found.difference.ours) == (intent.number, gbp(250))
        assert view().open == {}
        assert (counts(reconcile()), view().open) == ((1, 1, 0, 1), {})

    def test_can_be_written_off(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, line(BillKind.FEE, intent, -24))
        reconcile()

        book()

        assert (clearing(), balance(AccountKind.WRITE_OFFS)) == (-24, 250)
        assert counts(reconcile()) == (1, 1, 0, 0)

    def test_that_was_written_off_and_comes_after_all_can_be_booked_back(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, line(BillKind.FEE, intent, -24))
        reconcile()
        book()
        bill(twin, *billed(intent))

        reconcile()
        found = told()
        book()

        assert found == [("MISSING_HERE", "CAPTURE", "BOOK", None, 250)]
        assert (clearing(), balance(AccountKind.WRITE_OFFS)) == (226, 0)
        assert counts(reconcile()) == (2, 2, 0, 0)

    def test_names_the_payment_of_a_refund(self, twin: Twin) -> None:
        intent = paid(twin)
        refund(intent, amount=100)
        bill(twin, *billed(intent))

        reconcile()

        assert told() == [("MISSING_THERE", "REFUND", "ACCEPT", -100, None)]
        assert only().difference.payment == intent.number

    def test_settles_itself_when_it_comes_later(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, line(BillKind.FEE, intent, -24))
        reconcile()
        assert alerts() == [("RECONCILIATION_OPEN", f"twin {DAY}", "1 MISSING_THERE")]
        bill(twin, *billed(intent))

        run = reconcile()

        assert (counts(run), settled(), alerts()) == ((2, 2, 0, 0), [("FOUND_LATER", "found later")], [])


class TestMidnight:
    """Booked at 00:00:03 here, charged at 23:59:58 there, or the other way round."""

    def test_a_booking_just_after_it_is_found_on_yesterdays_bill(self, twin: Twin) -> None:
        intent = paid(twin, now=MIDNIGHT + dt.timedelta(seconds=3))
        bill(twin, *billed(intent))
        bill(twin, date=NEXT)

        assert counts(reconcile()) == (2, 2, 0, 0)
        assert counts(reconcile(NEXT, now=MORNING + dt.timedelta(days=1))) == (0, 0, 0, 0)

    def test_a_booking_just_after_it_waits_for_yesterdays_bill(self, twin: Twin) -> None:
        intent = paid(twin, now=MIDNIGHT + dt.timedelta(seconds=3))
        bill(twin, *billed(intent))
        bill(twin, date=NEXT)

        run = reconcile(NEXT, now=MORNING + dt.timedelta(days=1))
        reconcile(now=MORNING + dt.timedelta(days=1))

        assert counts(run) == (0, 0, 2, 0)
        # Compared once more, without fetching it again.
        assert counts(view(NEXT).run) == (0, 0, 0, 0)
        assert twin.calls.count("list") == 2

    def test_a_booking_just_before_it_waits_for_tomorrows_bill(self, twin: Twin) -> None:
        intent = paid(twin, now=MIDNIGHT - dt.timedelta(seconds=3))
        bill(twin)
        bill(twin, *billed(intent), date=NEXT)

        run = reconcile()
        reconcile(NEXT, now=MORNING + dt.timedelta(days=1))

        assert counts(run) == (0, 0, 2, 0)
        assert (counts(view().run), counts(view(NEXT).run)) == ((0, 0, 0, 0), (2, 2, 0, 0))

    def test_a_booking_on_neither_bill_is_missed_once_both_are_known(self, twin: Twin) -> None:
        paid(twin, fee=0, now=MIDNIGHT - dt.timedelta(seconds=3))
        bill(twin)
        bill(twin, date=NEXT)

        reconcile()
        before = told()
        reconcile(NEXT, now=MORNING + dt.timedelta(days=1))

        assert before == []
        assert told() == [("MISSING_THERE", "CAPTURE", "ACCEPT", 250, None)]
        assert told(NEXT) == []

    def test_a_booking_of_the_middle_of_the_day_waits_for_nothing(self, twin: Twin) -> None:
        paid(twin, fee=0)
        bill(twin)

        assert counts(reconcile()) == (0, 0, 0, 1)

    def test_a_booking_after_the_bill_was_fetched_waits_until_it_is_fetched_again(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin)

        early = reconcile(now=NOON + dt.timedelta(minutes=5))
        bill(twin, *billed(intent))
        late = reconcile()

        assert (counts(early), counts(late)) == ((0, 0, 2, 0), (2, 2, 0, 0))

    def test_is_that_of_the_providers_clock(self, twin: Twin) -> None:
        # Noon of the 22nd in UTC is 20:00 in Shanghai, and 18:00 is the 23rd there.
        twin.utc_offset = dt.timedelta(hours=8)
        first = paid(twin, "TEA")
        second = paid(twin, "CUP", now=NOON + dt.timedelta(hours=6))
        bill(twin, *billed(first))
        bill(twin, *billed(second), date=NEXT)

        reconcile(now=NOON + dt.timedelta(hours=12))
        reconcile(NEXT, now=NOON + dt.timedelta(hours=36))

        assert (counts(view().run), counts(view(NEXT).run)) == ((2, 2, 0, 0), (2, 2, 0, 0))


class TestDiffering:
    def test_is_an_amount(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, line(BillKind.CAPTURE, intent, 240), line(BillKind.FEE, intent, -24))

        reconcile()
        found = told()
        book()

        assert found == [("AMOUNT_DIFFERS", "CAPTURE", "BOOK", 250, 240)]
        assert (clearing(), balance(AccountKind.WRITE_OFFS)) == (216, 10)
        assert counts(reconcile()) == (2, 2, 0, 0)

    def test_is_a_fee(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent, fee=30))

        reconcile()
        found = told()
        book()

        assert found == [("AMOUNT_DIFFERS", "FEE", "BOOK", -24, -30)]
        assert (clearing(), balance(AccountKind.FEES)) == (220, 30)
        assert counts(reconcile()) == (2, 2, 0, 0)

    def test_is_a_currency(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, line(BillKind.CAPTURE, intent, 250, currency="EUR"), line(BillKind.FEE, intent, -24))

        reconcile()
        found = told()
        book()

        assert found == [("CURRENCY_DIFFERS", "CAPTURE", "BOOK", 250, 250)]
        assert (clearing(), clearing(currency="EUR")) == (-24, 250)
        assert counts(reconcile()) == (2, 2, 0, 0)

    def test_that_was_accepted_opens_again_when_an_amount_changes(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent, fee=30))
        reconcile()
        accept()
        reconcile()
        assert told() == []
        bill(twin, *billed(intent, fee=40))

        reconcile()

        assert told() == [("AMOUNT_DIFFERS", "FEE", "BOOK", -24, -40)]
        assert settled() == [("ACCEPTED", "they will correct it")]

    def test_never_changes_what_was_booked(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent, fee=30))
        before = tables.rows("ledger_transaction")
        reconcile()

        book()

        after = tables.rows("ledger_transaction")
        assert [row for row in after if row in before] == before
        assert len(after) == len(before) + 1


class TestDuplicated:
    def test_is_a_capture_that_is_billed_twice(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent), line(BillKind.CAPTURE, intent, 250))

        run = reconcile()
        found = told()
        accept()
        reconcile()

        assert counts(run) == (3, 1, 0, 1)
        assert found == [("DUPLICATED", "CAPTURE", "ACCEPT", 250, 500)]
        assert told() == []

    def test_is_told_once_when_it_is_on_two_days_bills(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent))
        bill(twin, line(BillKind.FEE, intent, -24), date=NEXT)

        reconcile()
        reconcile(NEXT, now=MORNING + dt.timedelta(days=1))
        reconcile(now=MORNING + dt.timedelta(days=1))

        assert told() == []
        assert told(NEXT) == [("DUPLICATED", "FEE", "ACCEPT", -24, -48)]

    def test_ends_by_itself_when_the_provider_takes_it_back(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent), line(BillKind.CAPTURE, intent, 250))
        bill(twin, line(BillKind.CAPTURE, intent, -250), date=NEXT)

        reconcile()
        reconcile(NEXT, now=MORNING + dt.timedelta(days=1))
        reconcile(now=MORNING + dt.timedelta(days=1))

        assert (told(), told(NEXT)) == ([], [])


class TestReconciling:
    def test_again_changes_nothing_but_the_lines_own_run(self, twin: Twin) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent, fee=30), line(BillKind.CAPTURE, None, 900, provider_id="pay_strange"))
        first = reconcile()
        found = [(shown.difference.number, shown.ending) for shown in view().shown]

        second = reconcile()

        assert counts(first) == counts(second) == (3, 1, 0, 2)
        assert [(shown.difference.number, shown.ending) for shown in view().shown] == found
        assert [tables.count(table) for table in _COUNTED] == [2, 3, 2]
        assert [alert.times for alert in incidents.read_open_alerts(limit=9)] == [2]

    @pytest.mark.parametrize("verb", ["silent", "refuses"])
    def test_changes_nothing_when_the_bill_is_not_to_be_had(self, twin: Twin, verb: str) -> None:
        intent = paid(twin)
        bill(twin, *billed(intent, fee=30))
        reconcile()
        before = [tables.rows(table) for table in _COUNTED[1:]]
        setattr(twin, verb, {"list"})

        with pytest.raises(BillUnavailable):
            reconcile()

        assert [tables.rows(table) for table in _COUNTED[1:]] == before
        assert counts(view().run) == (2, 1, 0, 1)

    def test_changes_nothing_when_the_bill_breaks_off(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        small = dataclasses.replace(config.get(), bill_batch_max=1)
        monkeypatch.setattr(config, "get", lambda: small)
        intent = paid(twin)
        bill(twin, *billed(intent))
        reconcile()

        def broken(lines: Sequence[BillLine]) -> Iterator[BillLine]:
            yield from lines
            raise payments.ProviderUnavailable("gone")

        whole = twin.bills[DAY]
        monkeypatch.setattr(Twin, "list", lambda _self, **_: broken(whole))
        with pytest.raises(BillUnavailable):
            reconcile()

        assert (tables.count("reconciliation_line"), counts(view().run)) == (2, (2, 2, 0, 0))

    def test_refuses_a_bill_beyond_all_bounds(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        small = dataclasses.replace(config.get(), bill_lines_max=1)
        monkeypatch.setattr(config, "get", lambda: small)
        bill(twin, *billed(paid(twin)))

        with pytest.raises(BillUnavailable):
            reconcile()

        assert tables.count("reconciliation_line") == 0

    def test_takes_no_control_signs_from_a_provider(self, twin: Twin) -> None:
        bill(twin, line(BillKind.CAPTURE, None, 5, provider_id="pay\x1b[2J\0" + "x" * 300))

        reconcile()

        assert only().difference.subject.name == "pay?[2J?" + "x" * 120

    def test_is_audited(self, twin: Twin) -> None:
        from evertill.domains.reconciliation.models import Difference, Line

        intent = paid(twin)
        bill(twin, *billed(intent, fee=30))
        reconcile()
        sound = audit_books()
        Line.objects.filter(position=1).delete()
        Difference.objects.all().delete()

        found = audit_books()
        reconcile()

        detail = "2 lines counted, 1 there; 1 differences counted, 0 there"
        assert sound == []
        assert found == [Finding(check=Check.BILLS, subject=f"twin {DAY}", detail=detail)]

    def test_gives_way_to_a_run_that_began_later(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        intent = paid(twin)
        lines = billed(intent)
        calls: list[int] = []

        def slow(_self: Twin, *, date: dt.date) -> Iterator[BillLine]:
            calls.append(1)
            if len(calls) == 1:
                reconcile()
            return iter(lines)

        monkeypatch.setattr(Twin, "list", slow)
        with pytest.raises(RunOvertaken):
            reconcile()

        assert (tables.count("reconciliation_line"), counts(view().run)) == (2, (2, 2, 0, 0))

    def test_asks_nobody_about_what_cannot_be(self, twin: Twin) -> None:
        payments.register(twin, Twin(name="cash", capabilities=Capability.PAGE))

        with pytest.raises(UnknownProvider):
            reconcile_bill(provider="nobody", date=DAY, now=MORNING)
        with pytest.raises(NoBill):
            reconcile_bill(provider="cash", date=DAY, now=MORNING)
        with pytest.raises(DayNotBegun):
            reconcile(NEXT + dt.timedelta(days=1))
        with pytest.raises(NotReconciled):
            view()

        assert (twin.calls, tables.count("reconciliation_run")) == ([], 0)


class TestDue:
    def fetched(self, twin: Twin) -> list[dt.date]:
        return sorted(
            run.date
            for run in reconciliation.read_runs(provider="twin", first=DAY - dt.timedelta(days=30), last=NEXT).values()
        )

    def test_are_the_last_two_days_once_a_day(self, twin: Twin) -> None:
        payments.register(twin, Twin(name="cash", capabilities=Capability.PAGE))

        done = [reconcile_due(now=MORNING + dt.timedelta(hours=hours)) for hours in (0, 1, 2, 24)]

        assert done == [2, 0, 0, 2]
        assert self.fetched(twin) == [DAY - dt.timedelta(days=1), DAY, NEXT]

    def test_are_tried_again_until_the_bill_comes(self, twin: Twin) -> None:
        twin.silent = {"list"}
        failed = reconcile_due(now=MORNING)
        twin.silent = set()

        done = reconcile_due(now=MORNING + dt.timedelta(hours=1))

        assert (failed, done, alerts()) == (0, 2, [])

    def test_raise_an_alert_at_the_end_of_the_day_which_closes_when_the_bill_comes(self, twin: Twin) -> None:
        twin.silent = {"list"}
        reconcile_due(now=MIDNIGHT + dt.timedelta(hours=22, minutes=20))
        # The day before that had its whole day already.
        early = [alert[:2] for alert in alerts()]

        reconcile_due(now=MIDNIGHT + dt.timedelta(hours=23, minutes=20))
        late = sorted(alert[:2] for alert in alerts())
        twin.silent = set()
        reconcile_due(now=MIDNIGHT + dt.timedelta(hours=23, minutes=50))

        before = ("BILL_UNAVAILABLE", f"twin {DAY - dt.timedelta(days=1)}")
        assert early == [before]
        assert late == [before, ("BILL_UNAVAILABLE", f"twin {DAY}")]
        assert alerts() == []

    def test_are_days_of_the_last_week_that_were_left_out(self, twin: Twin) -> None:
        reconcile(DAY - dt.timedelta(days=5))

        reconcile_due(now=MORNING)

        assert self.fetched(twin) == [DAY - dt.timedelta(days=back) for back in range(5, -1, -1)]

    def test_do_not_keep_each_other_waiting(self, twin: Twin) -> None:
        deaf = Twin(name="deaf", capabilities=Capability.BILL, silent={"list"})
        payments.register(deaf, twin)

        assert reconcile_due(now=MORNING) == 2
