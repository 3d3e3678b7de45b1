"""What belongs to an account: downloaded whole, and gone when it is deleted, but for what the law wants kept."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from evertill.domains import access, accounts, identity, messages, orders, payments, submissions
from evertill.domains.identity import Operation
from evertill.journeys import manage_second_factors as factors
from evertill.journeys import step_up
from evertill.journeys.begin_session import SignedIn
from evertill.journeys.delete_my_account import StaffCannotDelete, delete_my_account, finish_deletions
from evertill.journeys.export_my_data import export_my_data
from evertill.journeys.send_messages import send_messages
from evertill.journeys.sign_in import NewHere, SignInRefused, sign_in_by_password
from evertill.journeys.step_up import StepUpRequired
from evertill.journeys.view_account import AccountGone, view_account
from evertill.kernel import db, ids
from tests import tables
from tests.builders import NOON, ask, make_product, place_one
from tests.paying import refund, settle, start
from tests.people import (
    ADA,
    DAY,
    HOUR,
    PASSWORD,
    VISIT,
    Pocket,
    app_code,
    at,
    come_by_code,
    is_open,
    signed_in,
    signed_up,
    stepped_up,
    told,
)
from tests.submitting import failed
from tests.twin import Twin

Change = Callable[..., None]
BOB = "bob@example.com"


@pytest.fixture
def twin(pocket: Pocket) -> Iterator[Twin]:
    provider = Twin()
    payments.register(provider)
    make_product("TEA", pieces=None)
    yield provider
    payments.register()


def bought(twin: Twin, signed: SignedIn, key: str = "key-1", *, email: str = ADA) -> payments.Intent:
    """An order of an account that was paid, and partly given back."""
    order = place_one(ask(key, email=email, account_id=signed.account_id))
    intent = start(order, key=f"pay {key}")
    twin.pay(intent)
    settle(intent)
    refund(intent, 100, key=f"back {key}")
    return intent


def export(pocket: Pocket, signed: SignedIn, *, now: dt.datetime = NOON) -> Any:
    stepped_up(pocket, signed.session, Operation.EXPORT_DATA, now=now)
    with export_my_data(session=signed.session, visit=VISIT, now=now) as file:
        return json.load(file)


def delete(pocket: Pocket, signed: SignedIn, *, now: dt.datetime = NOON) -> None:
    stepped_up(pocket, signed.session, Operation.DELETE_ACCOUNT, now=now)
    delete_my_account(session=signed.session, visit=VISIT, now=now)


class TestExport:
    def test_has_everything_that_is_kept(self, pocket: Pocket, twin: Twin) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        signed_in(pocket, visit=at(device="Chrome on Windows", place="198.51.0.0/16"), now=NOON + HOUR)
        intent = bought(twin, signed)
        bought(twin, signed_up(pocket, BOB), "key-2", email=BOB)

        found = export(pocket, signed, now=NOON + HOUR)

        number = ids.to_number(intent.order_id)
        assert sorted(found) == [
            *(
                "account",
                "addresses",
                "browsers",
                "checkouts_that_failed",
                "claims",
                "has_all_orders",
                "made_at",
                "messages",
            ),
            *("orders", "sessions", "shop", "signing_in"),
        ]
        assert found["account"] == {
            "number": ids.to_number(signed.account_id),
            "name": "Ada",
            "language": "en",
            "opened_at": "2026-11-22T12:00:00Z",
            "works_for_the_shop_since": None,
        }
        assert found["addresses"] == [{"kind": "EMAIL", "address": ADA, "proved_at": "2026-11-22T12:00:00Z"}]
        assert found["signing_in"] == {
            "ways": ["EMAIL_CODE", "PASSWORD"],
            "sms_is_second_step": False,
            "recovery_codes_left": 0,
            "passkeys": [],
        }
        assert [(one["device"], one["network"]) for one in found["sessions"]] == [
            ("Chrome on Windows", "198.51.0.0/16"),
            ("Firefox on Linux", "203.0.0.0/16"),
        ]
        assert [one["networks"] for one in found["browsers"]] == [["198.51.0.0/16"], ["203.0.0.0/16"]]
        assert sorted(one["facts"]["notice"] for one in found["messages"]) == ["DATA_EXPORTED", "NEW_SIGN_IN"]
        (order,) = found["orders"]
        assert {key: order[key] for key in ("number", "state", "total", "email", "phone")} == {
            "number": number,
            "state": "PAID",
            "total": "2.50 GBP",
            "email": ADA,
            "phone": "",
        }
        assert order["lines"] == [
            {"sku": "TEA", "title": "Title of TEA", "quantity": 1, "unit_price": "2.50 GBP", "returned": 0}
        ]
        (payment,) = order["payments"]
        assert (payment["method"], payment["captured"]) == ("twin.page", "2.50 GBP")
        assert [(one["amount"], one["state"]) for one in payment["refunds"]] == [("1.00 GBP", "SUCCEEDED")]
        assert sorted(one["kind"] for one in order["messages"]) == ["ORDER_PAID", "REFUNDED"]
        assert found["has_all_orders"] is True

    def test_has_checkouts_that_failed(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        kept = failed(ask(account_id=signed.account_id))
        with db.write():
            submissions.keep(failed=kept)
            submissions.keep(failed=failed(ask("2", account_id=9), reference=2))

        (found,) = export(pocket, signed)["checkouts_that_failed"]

        assert (found["number"], found["email"], found["agreed_to"]) == (
            ids.to_number(kept.id),
            ADA,
            kept.consent_text,
        )

    def test_has_no_secret_and_nothing_of_others(self, pocket: Pocket, twin: Twin) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        bought(twin, signed_up(pocket, BOB), "key-2", email=BOB)

        text = json.dumps(export(pocket, signed))

        secrets = [signed.session_secret, signed.browser_secret, "scrypt", BOB]
        assert [secret for secret in secrets if secret in text] == []

    def test_needs_step_up_each_time_and_tells(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        with pytest.raises(StepUpRequired):
            export_my_data(session=signed.session, visit=VISIT, now=NOON)
        export(pocket, signed)

        with pytest.raises(StepUpRequired):
            export_my_data(session=signed.session, visit=VISIT, now=NOON)
        assert told() == [("DATA_EXPORTED", ADA)]

    def test_of_many_orders_has_the_latest(self, pocket: Pocket, twin: Twin, change: Change) -> None:
        change(export_orders_max=3)
        signed = signed_up(pocket)
        for number in range(4):
            place_one(ask(str(number), account_id=signed.account_id), now=NOON + number * HOUR)

        found = export(pocket, signed)

        assert [order["placed_at"] for order in found["orders"]] == [
            f"2026-11-22T{hour}:00:00Z" for hour in (15, 14, 13)
        ]
        assert found["has_all_orders"] is False

    def test_of_as_many_orders_as_there_may_be_has_all(self, pocket: Pocket, twin: Twin, change: Change) -> None:
        change(export_orders_max=1)
        signed = signed_up(pocket)
        assert export(pocket, signed)["orders"] == []
        place_one(ask("1", account_id=signed.account_id))

        found = export(pocket, signed)

        assert (len(found["orders"]), found["has_all_orders"]) == (1, True)


class TestDelete:
    def test_leaves_orders_and_books_without_a_name(self, pocket: Pocket, twin: Twin) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        stepped_up(pocket, signed.session, Operation.MAKE_RECOVERY_CODES)
        factors.make_recovery_codes(session=signed.session, now=NOON)
        intent = bought(twin, signed)
        books = tables.rows("ledger_transaction")

        delete(pocket, signed)

        account = accounts.read(account_id=signed.account_id)
        assert account is not None
        assert (account.state, account.display_name, account.has_password) == ("DELETED", "", False)
        assert accounts.read_addresses(account_id=signed.account_id) == []
        order = orders.read_orders(order_ids=[intent.order_id])[intent.order_id]
        assert (order.email, order.phone, order.account_id, order.total) == (
            "deleted@customers.invalid",
            "",
            signed.account_id,
            250,
        )
        assert tables.rows("ledger_transaction") == books
        emptied = ("session", "grant", "browser", "recovery_code", "totp", "recovery")
        assert [tables.count(f"identity_{name}") for name in emptied] == [0] * 6
        # All that still names anybody are messages about the account that wait to be sent.
        assert told() == [("ACCOUNT_DELETED", ADA), ("RECOVERY_CODES_MADE", ADA)]
        assert {message.kind for message in messages.read_open(limit=10)} == {"ACCOUNT_NOTICE"}

    def test_ends_every_session_and_way_in(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        other = signed_in(pocket)

        delete(pocket, signed)

        assert [is_open(one.session_secret) for one in (signed, other)] == [False, False]
        with pytest.raises(SignInRefused):
            sign_in_by_password(address=ADA, password=PASSWORD, visit=VISIT, now=NOON)
        with pytest.raises(AccountGone):
            view_account(session=signed.session)
        with pytest.raises(AccountGone):
            delete_my_account(session=signed.session, visit=VISIT, now=NOON)
        # The address is free, and whoever has it gets nothing of what was.
        assert isinstance(come_by_code(pocket), NewHere)
        assert signed_up(pocket).account_id != signed.account_id

    def test_removes_checkouts_that_failed(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        with db.write():
            submissions.keep(failed=failed(ask(account_id=signed.account_id)))
            submissions.keep(failed=failed(ask("2", account_id=9), reference=2))

        delete(pocket, signed)

        assert tables.count("submissions_submission") == 1

    def test_needs_step_up(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)

        with pytest.raises(StepUpRequired):
            delete_my_account(session=signed.session, visit=VISIT, now=NOON)
        assert is_open(signed.session_secret)

    def test_touches_nobody_else(self, pocket: Pocket, twin: Twin) -> None:
        signed, bob = signed_up(pocket), signed_up(pocket, BOB)
        bobs = bought(twin, bob, email=BOB)

        delete(pocket, signed)

        assert is_open(bob.session_secret)
        assert orders.read_orders(order_ids=[bobs.order_id])[bobs.order_id].email == BOB
        assert accounts.read_addresses(account_id=bob.account_id) != []

    def test_is_not_for_staff(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        stepped_up(pocket, signed.session, Operation.ADD_TOTP)
        secret = factors.begin_totp(session=signed.session, now=NOON).secret
        factors.confirm_totp(session=signed.session, code=app_code(secret), visit=VISIT, now=NOON)
        stepped_up_by_app(signed, secret)
        with_staff_kept_open(signed)

        with pytest.raises(StaffCannotDelete):
            delete_my_account(session=signed.session, visit=VISIT, now=NOON + HOUR)

        assert view_account(session=signed.session).state == "ACTIVE"

    def test_in_batches_and_again_after_a_death_in_between(
        self, pocket: Pocket, twin: Twin, change: Change, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        change(forget_batch_max=1)
        signed = signed_up(pocket)
        intents = [bought(twin, signed, str(number)) for number in range(3)]
        real = orders.pseudonymise
        rounds = iter([True, False])

        def die_in_between(*, account_id: int, limit: int) -> list[int]:
            assert next(rounds)
            return real(account_id=account_id, limit=limit)

        monkeypatch.setattr(orders, "pseudonymise", die_in_between)
        with pytest.raises(AssertionError):
            delete(pocket, signed)
        monkeypatch.setattr(orders, "pseudonymise", real)

        def named() -> int:
            found = orders.read_orders(order_ids=[intent.order_id for intent in intents])
            return sum(order.email == ADA for order in found.values())

        assert (named(), is_open(signed.session_secret)) == (2, False)
        assert finish_deletions(now=NOON + HOUR) == 1
        assert named() == 0
        assert [message.facts.get("notice") for message in messages.read_open(limit=10)] == ["ACCOUNT_DELETED"]

    def test_is_finished_once_its_message_was_sent(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        delete(pocket, signed)
        finish_deletions(now=NOON + HOUR)
        assert tables.count("messages_message") == 1

        send_messages(now=NOON + HOUR)
        finish_deletions(now=NOON + 2 * HOUR)

        assert pocket.letters[-1].to == ADA
        assert pocket.letters[-1].subject == "Your account was deleted"
        assert tables.count("messages_message") == 0

    def test_is_looked_after_for_as_long_as_messages_can_wait(self, pocket: Pocket) -> None:
        delete(pocket, signed_up(pocket))

        assert [finish_deletions(now=NOON + days * DAY) for days in (3, 5)] == [1, 0]


def stepped_up_by_app(signed: SignedIn, secret: str) -> None:
    later = NOON + HOUR
    step_up.prove(
        session=signed.session,
        operation=Operation.DELETE_ACCOUNT,
        subject="",
        factor=identity.Factor.TOTP,
        text=app_code(secret, later),
        visit=VISIT,
        now=later,
    )


def with_staff_kept_open(signed: SignedIn) -> None:
    """Make the account staff in the very moment in which it is deleted: its session is still open."""
    with db.write():
        access.add_staff(account_id=signed.account_id, by="root", now=NOON)
