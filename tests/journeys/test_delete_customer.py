"""A customer who asks the shop to be deleted: by two people, on record, and nothing that names him is left anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from psycopg import sql

from evertill.domains import accounts, incidents, payments, submissions, trail
from evertill.domains.access import Permission
from evertill.domains.approvals import ApprovalRequired
from evertill.domains.claims import About
from evertill.domains.identity import Operation
from evertill.domains.reviews import Reason
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.answer_question import answer_question
from evertill.journeys.ask_review import ask_review, ask_review_as_staff
from evertill.journeys.audit_books import audit_books
from evertill.journeys.begin_session import SignedIn
from evertill.journeys.delete_customer import RequestMissing, ask_to_delete_customer, delete_customer
from evertill.journeys.delete_my_account import finish_deletions
from evertill.journeys.export_my_data import export_my_data
from evertill.journeys.file_claim import AskedClaim, file_claim
from evertill.journeys.find_mentions import find_mentions
from evertill.journeys.forget_old import forget_old
from evertill.journeys.handle_order import hold_order, note_order, release_order
from evertill.journeys.help_customer import CustomerGone, WorksHere
from evertill.journeys.make_findable import make_findable
from evertill.journeys.permitted import Asker, Forbidden, Wish
from evertill.journeys.review_order import Decision, ask_customer, decide_review, take_review
from evertill.journeys.send_messages import send_messages
from evertill.journeys.step_up import StepUpRequired
from evertill.journeys.watch_alerts import close_alert
from evertill.kernel import db, ids
from tests.askers import proves, staff
from tests.builders import NOON, ask, make_product, place_one
from tests.paying import refund, settle, start
from tests.people import ADA, DAY, HOUR, PASSWORD, VISIT, Pocket, is_open, signed_up, stepped_up
from tests.submitting import failed
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")

PHONE = "+447700900123"
QUESTION, ANSWER, NOTE, WORDS = "Is Zebedee the porter?", "Yes, Zebedee it is.", "Zebedee called.", "I am Zebedee."
LETTER = "letter of 26 November"
BOSS, OWNER = 7_001, 7_002


@pytest.fixture
def zebedee(pocket: Pocket) -> Iterator[tuple[SignedIn, int]]:
    """A customer whose name, address, number or words stand wherever the shop writes any down; and his order."""
    twin = Twin()
    payments.register(twin)
    make_product("TEA", pieces=None)
    signed = signed_up(pocket, password=PASSWORD, name="Zebedee")
    order = place_one(ask("key-1", email=ADA, phone=PHONE, account_id=signed.account_id))
    intent = start(order)
    twin.pay(intent)
    settle(intent)
    refund(intent, 100)
    order_id, rae = order.order.id, staff(7_003, "risk-reviewer")
    with db.write():
        ask_review(order_id=order_id, reason=Reason.RISK, details=(), actor="CLOCK:risk", now=NOON)
        submissions.keep(failed=failed(ask("2", email=ADA, phone=PHONE, account_id=signed.account_id)))
    take_review(asker=rae, order_id=order_id, now=NOON)
    ask_customer(asker=rae, order_id=order_id, question=QUESTION, now=NOON)
    answer_question(order_id=order_id, answer=ANSWER, actor="customer", now=NOON)
    take_review(asker=rae, order_id=order_id, now=NOON)
    decide_review(asker=rae, order_id=order_id, decision=Decision.APPROVE, why="known", now=NOON)
    note_order(asker=staff(7_004, "support"), order_id=order_id, text=NOTE, now=NOON)
    claim = AskedClaim(about=About.LOST_ORDER, contact=ADA, email=ADA, words=WORDS, language="en")
    file_claim(asked=claim, session=signed.session, caller="203.0.113.9", now=NOON)
    make_findable(now=NOON + HOUR)
    yield signed, order_id
    payments.register()


def where(*said: str) -> set[str]:
    """The tables and columns in which any of these stands."""
    found = set()
    columns = db.fetch(
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        " and data_type in ('text', 'character varying', 'ARRAY', 'jsonb', 'json', 'bytea') order by 1, 2"
    )
    with db.raw().cursor() as cursor:
        for table, column in columns:
            text = sql.SQL("select 1 from {} where {}::text ilike any(%s) or {}::text ilike any(%s) limit 1").format(
                *(sql.Identifier(name) for name in (table, column, column))
            )
            # Bytes show themselves in hexadecimal digits.
            plain = [f"%{one}%" for one in said]
            cursor.execute(text, (plain, [f"%{one.encode().hex()}%" for one in said]))
            if cursor.fetchone():
                found.add(f"{table}.{column}")
    return found


def two() -> tuple[Asker, Asker]:
    return staff(BOSS, "administrator"), staff(OWNER, "owner")


def approved(boss: Asker, owner: Asker, account_id: int) -> None:
    asked = ask_to_delete_customer(asker=boss, account_id=account_id, request=LETTER, why="", now=NOON)
    decide_approvals.decide(asker=owner, approval_id=asked.id, is_approved=True, why="", now=NOON)


def delete(boss: Asker, account_id: int, *, request: str = LETTER) -> None:
    delete_customer(asker=boss, account_id=account_id, request=request, now=NOON)


class TestDelete:
    def test_leaves_nothing_that_names_him_in_any_table(self, zebedee: tuple[SignedIn, int]) -> None:
        signed, _order_id = zebedee
        said = (ADA, "Zebedee", PHONE)
        assert where(*said) >= {
            "accounts_account.display_name",
            "accounts_address.address",
            "claims_claim.words",
            "orders_found.contact",
            "orders_note.text",
            "orders_order.email",
            "reviews_move.why",
            "reviews_review.answer",
            "submissions_submission.email",
        }
        boss, owner = two()
        approved(boss, owner, signed.account_id)
        proves(boss, Permission.CUSTOMERS_DELETE, f"account:{signed.account_id}")

        delete(boss, signed.account_id)
        # What tells him of it goes out, and then goes too.
        send_messages(now=NOON + HOUR)
        finish_deletions(now=NOON + HOUR)
        # A sign-in names an address, not an account; it is forgotten with all others a day after.
        forget_old(now=NOON + 2 * DAY)

        assert where(*said) == set()
        assert not is_open(signed.session_secret)
        assert audit_books() == []

    def test_takes_another_person_for_the_same_request_and_a_proof(self, zebedee: tuple[SignedIn, int]) -> None:
        signed, _order_id = zebedee
        boss, owner = two()
        with pytest.raises(ApprovalRequired):
            delete(boss, signed.account_id)
        approved(boss, owner, signed.account_id)
        with pytest.raises(ApprovalRequired):
            delete(boss, signed.account_id, request="a call")
        with pytest.raises(StepUpRequired):
            delete(boss, signed.account_id)
        assert is_open(signed.session_secret)
        proves(boss, Permission.CUSTOMERS_DELETE, f"account:{signed.account_id}")

        delete(boss, signed.account_id)

        (record,) = trail.read_records(search=trail.Search(operation="customers.delete"), limit=9)
        assert (record.actor_id, record.subject_id, record.why) == (str(BOSS), str(signed.account_id), LETTER)
        assert json.loads(record.after) == {"approved_by": f"STAFF:{OWNER}"}
        with pytest.raises(CustomerGone):
            delete(boss, signed.account_id)

    def test_is_not_of_staff_nor_by_who_may_not_nor_without_a_request(self, zebedee: tuple[SignedIn, int]) -> None:
        signed, _order_id = zebedee
        boss, owner = two()
        with pytest.raises(RequestMissing):
            ask_to_delete_customer(asker=boss, account_id=signed.account_id, request=" ", why="", now=NOON)
        with pytest.raises(Forbidden):
            delete(staff(7_005, "support"), signed.account_id)
        staff(signed.account_id)
        with pytest.raises(WorksHere):
            ask_to_delete_customer(asker=owner, account_id=signed.account_id, request=LETTER, why="", now=NOON)
        account = accounts.read(account_id=signed.account_id)
        assert account is not None
        assert account.display_name == "Zebedee"


class TestMentions:
    """Words that staff typed about him: what may go goes, what stays is shown before, and listed afterwards."""

    def test_are_shown_before_and_listed_in_the_record_afterwards(self, zebedee: tuple[SignedIn, int]) -> None:
        signed, order_id = zebedee
        account_id, number = signed.account_id, ids.to_number(order_id)
        boss, owner = two()
        clerk = staff(7_006, "support", "fulfilment")
        hold_order(asker=clerk, order_id=order_id, why=f"Zebedee, {ADA}, called", now=NOON)
        release_order(asker=clerk, order_id=order_id, why="it may go", now=NOON)
        (given,) = payments.list_refunds(states=list(payments.RefundState), behind=None, limit=9)
        db.execute("update payments_refund set reason = 'to zebedee' where id = %s", (given[0].id,))
        wish = Wish(permission=Permission.ORDERS_REFUND, subject=Subject(kind="order", id=number), content={"a": 1})
        asked = decide_approvals.ask(asker=clerk, wish=wish, why="call +44 7700 900123", thing=None, now=NOON)
        refused = decide_approvals.decide(asker=owner, approval_id=asked.id, is_approved=False, why="", now=NOON)

        found = find_mentions(asker=boss, account_id=account_id, now=NOON)

        told = sorted((one.where.value, one.text, one.stays) for one in found)
        assert told == [
            ("APPROVAL", "call +44 7700 900123", False),
            ("REFUND", "to zebedee", False),
            ("TRAIL", f"Zebedee, {ADA}, called", True),
            ("TRAIL", "call +44 7700 900123", True),
        ]
        approved(boss, owner, account_id)
        proves(boss, Permission.CUSTOMERS_DELETE, f"account:{account_id}")
        staying = delete_customer(asker=boss, account_id=account_id, request=LETTER, now=NOON)
        (record,) = trail.read_records(search=trail.Search(operation="customers.delete", outcome="DONE"), limit=1)
        assert json.loads(record.after)["named_in"] == [one.number for one in staying]
        assert {one.id for one in staying} == {one.id for one in found if one.stays}
        send_messages(now=NOON + HOUR)
        finish_deletions(now=NOON + HOUR)
        forget_old(now=NOON + 2 * DAY)
        # Not six digits alone: among all hashes and numbers that a shop has, some have those by chance.
        assert where(ADA, "Zebedee", PHONE, "7700900123", "7700 900123") == {"trail_record.why"}
        assert refused.state.value == "REFUSED"
        assert audit_books() == []

    def test_are_found_in_texts_about_something_else(self, zebedee: tuple[SignedIn, int]) -> None:
        signed, _order_id = zebedee
        boss, owner = two()
        clerk = staff(7_007, "support", "fulfilment", "finance", "administrator")
        other = place_one(ask("of Ben", email="ben@example.com"))
        note_order(asker=clerk, order_id=other.order.id, text=f"he sits beside {ADA}", now=NOON)
        hold_order(asker=clerk, order_id=other.order.id, why="ZEBEDEE asked for it", now=NOON)
        with db.write():
            incidents.raise_alert(kind="TEST", subject="t", detail="mail for 07700 900-123 came back", now=NOON)
            incidents.raise_alert(kind="TEST", subject="u", detail="the zebra 9001234 is 100% _new", now=NOON)
        (_zebra, alert) = sorted(incidents.read_open_alerts(limit=9), key=lambda one: one.subject, reverse=True)
        close_alert(alert_id=alert.id, asker=clerk, why="wrote to Zebedee", now=NOON)

        found = find_mentions(asker=boss, account_id=signed.account_id, now=NOON)

        told = sorted((one.where.value, one.table, one.text, one.stays) for one in found)
        assert told == [
            ("ELSEWHERE", "incidents_alert", "mail for 07700 900-123 came back", True),
            ("ELSEWHERE", "orders_note", f"he sits beside {ADA}", True),
            ("TRAIL", "", "ZEBEDEE asked for it", True),
            ("TRAIL", "", "wrote to Zebedee", True),
        ]
        approved(boss, owner, signed.account_id)
        proves(boss, Permission.CUSTOMERS_DELETE, f"account:{signed.account_id}")
        staying = delete_customer(asker=boss, account_id=signed.account_id, request=LETTER, now=NOON)
        (record,) = trail.read_records(search=trail.Search(operation="customers.delete", outcome="DONE"), limit=1)
        assert sorted(json.loads(record.after)["named_in"]) == sorted(one.number for one in staying)
        assert {one.number for one in staying} == {one.number for one in found}

    def test_go_with_a_review_that_staff_asked_for(self, zebedee: tuple[SignedIn, int]) -> None:
        signed, order_id = zebedee
        boss, owner = two()
        ask_review_as_staff(asker=staff(7_008, "risk-reviewer"), order_id=order_id, why="Zebedee again", now=NOON)
        approved(boss, owner, signed.account_id)
        proves(boss, Permission.CUSTOMERS_DELETE, f"account:{signed.account_id}")

        staying = delete_customer(asker=boss, account_id=signed.account_id, request=LETTER, now=NOON)

        assert [(one.where.value, one.text) for one in staying] == [("TRAIL", "Zebedee again")]
        send_messages(now=NOON + HOUR)
        finish_deletions(now=NOON + HOUR)
        forget_old(now=NOON + 2 * DAY)
        assert where("Zebedee") == {"trail_record.why"}

    def test_are_for_who_may_delete_him(self, zebedee: tuple[SignedIn, int]) -> None:
        signed, _order_id = zebedee
        with pytest.raises(Forbidden):
            find_mentions(asker=staff(7_006, "support"), account_id=signed.account_id, now=NOON)
        with pytest.raises(CustomerGone):
            find_mentions(asker=two()[0], account_id=12345, now=NOON)


class TestExport:
    def test_has_what_was_asked_answered_and_noted(self, zebedee: tuple[SignedIn, int], pocket: Pocket) -> None:
        signed, _order_id = zebedee
        stepped_up(pocket, signed.session, Operation.EXPORT_DATA)

        with export_my_data(session=signed.session, visit=VISIT, now=NOON) as file:
            (order,) = json.load(file)["orders"]

        assert [(one["who"], one["text"]) for one in order["questions"]] == [("shop", QUESTION), ("customer", ANSWER)]
        assert [note["text"] for note in order["noted_by_staff"]] == [NOTE]
