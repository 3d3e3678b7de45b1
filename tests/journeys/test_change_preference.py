"""Preferences: decided anew by those who may, at once, with everything that was decided before."""

from __future__ import annotations

import dataclasses
import json

import psycopg
import pytest
from django.db import IntegrityError, connection

from evertill.domains import preferences, trail
from evertill.domains.access import Permission
from evertill.domains.approvals import ApprovalRequired
from evertill.domains.preferences import DECLARED, Kind, Name
from evertill.domains.trail import Search
from evertill.journeys import decide_approvals as deciding
from evertill.journeys.change_preference import (
    PreferenceInvalid,
    PreferenceUnchanged,
    ask_to_change_preference,
    change_preference,
)
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.read_preference import list_preferences, list_settings, shop_name, show_preference
from evertill.journeys.step_up import StepUpRequired
from evertill.kernel import config, db
from evertill.kernel.settings import variable
from evertill.kernel.versions import ChangedMeanwhile
from tests.askers import MACHINE, customer, proves, staff
from tests.builders import NOON

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB = 1, 2


def change(asker: Asker, name: Name, text: str, *, seen: int | None = None, why: str = "") -> None:
    change_preference(asker=asker, name=name, text=text, why=why, now=NOON, seen=seen)


class TestTable:
    def test_says_of_everything_what_it_is_and_has_a_default_in_its_range(self) -> None:
        assert set(DECLARED) == set(Name)
        for declared in DECLARED.values():
            assert declared.says[0].isupper()
            assert declared.says[-1] == "."
            assert declared.kind.is_number == isinstance(declared.default, int)
            if isinstance(declared.default, int):
                assert declared.low <= declared.default <= declared.high

    def test_what_guards_money_or_customers_is_sensitive(self) -> None:
        assert {name for name, declared in DECLARED.items() if declared.is_sensitive} == {
            Name.REFUND_ALONE_MAX,
            Name.PRICE_ALONE_PERCENT,
            Name.REVIEW_FROM,
            Name.SUBMISSION_KEEP_DAYS,
        }

    def test_a_default_of_the_environment_is_one_of_the_same_range(self) -> None:
        for declared in DECLARED.values():
            if declared.setting and declared.kind is not Kind.TEXT:
                (field,) = [one for one in dataclasses.fields(config.Config) if one.name == declared.setting]
                assert (field.default, field.metadata["low"], field.metadata["high"]) == (
                    declared.default,
                    declared.low,
                    declared.high,
                )


class TestChanging:
    def test_holds_at_once_and_is_recorded(self) -> None:
        change(staff(ADA, "administrator"), Name.STOCK_LOW, "12", why="Christmas")

        assert preferences.number(Name.STOCK_LOW) == 12
        (record,) = trail.read_records(search=Search(operation="settings.edit"), limit=9)
        assert (record.actor_id, record.subject_kind, record.subject_id) == ("1", "preference", "stock.low")
        assert json.loads(record.before) == {"value": 5, "version": 0}
        assert json.loads(record.after) == {"value": 12, "version": 1}
        assert record.why == "Christmas"

    def test_what_was_decided_before_stays_and_can_be_gone_back_to(self) -> None:
        ada = staff(ADA, "administrator")
        change(ada, Name.STOCK_LOW, "12")
        change(ada, Name.STOCK_LOW, "3")

        change(ada, Name.STOCK_LOW, "12", why="as it was")

        _, history = show_preference(asker=ada, name=Name.STOCK_LOW, limit=9, now=NOON)
        assert [(one.version, one.value, one.why) for one in history] == [
            (3, 12, "as it was"),
            (2, 3, ""),
            (1, 12, ""),
        ]

    def test_a_value_that_is_the_default_again_is_still_decided(self) -> None:
        change(MACHINE, Name.STOCK_LOW, "6")
        change(MACHINE, Name.STOCK_LOW, "5")

        (shown,) = [one for one in list_preferences(asker=MACHINE, now=NOON) if one.name is Name.STOCK_LOW]
        assert (shown.preference.value, shown.preference.version) == (5, 2)

    @pytest.mark.parametrize("text", ["", "-1", "1.5", "1000001", "five", "1e3", "٣"])
    def test_takes_no_number_out_of_range(self, text: str) -> None:
        with pytest.raises(PreferenceInvalid):
            change(MACHINE, Name.STOCK_LOW, text)
        assert preferences.number(Name.STOCK_LOW) == 5

    def test_takes_no_text_that_is_too_long_or_turns_what_is_read(self) -> None:
        with pytest.raises(PreferenceInvalid):
            change(MACHINE, Name.SHOP_NAME, "x" * 61)
        with pytest.raises(PreferenceInvalid):
            change(MACHINE, Name.SHOP_NAME, "Tea\u202eaeT")
        change(MACHINE, Name.SHOP_NAME, "  Tea \n House ")
        assert preferences.text(Name.SHOP_NAME) == "Tea House"

    def test_takes_no_time_zone_that_does_not_exist(self) -> None:
        with pytest.raises(PreferenceInvalid, match="no time zone"):
            change(MACHINE, Name.TIME_ZONE, "Asia/Atlantis")
        change(MACHINE, Name.TIME_ZONE, "Asia/Shanghai")
        assert preferences.text(Name.TIME_ZONE) == "Asia/Shanghai"

    def test_what_holds_already_is_no_change(self) -> None:
        with pytest.raises(PreferenceUnchanged):
            change(MACHINE, Name.STOCK_LOW, "5")

    def test_whoever_looked_at_an_older_value_is_told(self) -> None:
        change(MACHINE, Name.STOCK_LOW, "7")

        with pytest.raises(ChangedMeanwhile):
            change(MACHINE, Name.STOCK_LOW, "8", seen=0)
        assert preferences.number(Name.STOCK_LOW) == 7

    def test_needs_the_permission(self) -> None:
        for asker in (staff(ADA, "support", "fulfilment"), customer(BOB)):
            with pytest.raises(Forbidden):
                change(asker, Name.STOCK_LOW, "8")
        assert preferences.number(Name.STOCK_LOW) == 5
        assert len(trail.read_records(search=Search(outcome="REFUSED"), limit=9)) == 2


class TestSensitive:
    def test_is_changed_once_another_person_has_approved_exactly_this(self) -> None:
        ada, bob = staff(ADA, "administrator"), staff(BOB, "finance")
        with pytest.raises(ApprovalRequired):
            change(ada, Name.REFUND_ALONE_MAX, "90000")
        asked = ask_to_change_preference(asker=ada, name=Name.REFUND_ALONE_MAX, text="90000", why="sale", now=NOON)
        deciding.decide(asker=bob, approval_id=asked.id, is_approved=True, why="", now=NOON)
        with pytest.raises(ApprovalRequired):
            change(ada, Name.REFUND_ALONE_MAX, "90001")
        with pytest.raises(StepUpRequired):
            change(ada, Name.REFUND_ALONE_MAX, "90000")
        proves(ada, Permission.SETTINGS_EDIT, "preference:refunds.alone-max")

        change(ada, Name.REFUND_ALONE_MAX, "90000")

        assert preferences.number(Name.REFUND_ALONE_MAX) == 90_000
        (record,) = trail.read_records(search=Search(operation="settings.edit"), limit=9)
        assert json.loads(record.after)["approved_by"] == "STAFF:2"

    def test_approval_is_void_when_it_was_changed_meanwhile(self) -> None:
        ada, bob = staff(ADA, "administrator"), staff(BOB, "finance")
        asked = ask_to_change_preference(asker=ada, name=Name.REVIEW_FROM, text="500", why="", now=NOON)
        deciding.decide(asker=bob, approval_id=asked.id, is_approved=True, why="", now=NOON)
        change(MACHINE, Name.REVIEW_FROM, "400")

        with pytest.raises(ApprovalRequired):
            change(ada, Name.REVIEW_FROM, "500")

    def test_nobody_approves_his_own(self) -> None:
        owner = staff(ADA, "owner")
        asked = ask_to_change_preference(asker=owner, name=Name.REVIEW_FROM, text="500", why="", now=NOON)

        with pytest.raises(Forbidden):
            deciding.decide(asker=owner, approval_id=asked.id, is_approved=True, why="", now=NOON)


class TestReading:
    def test_the_environment_gives_the_default_until_somebody_decides(self, monkeypatch: pytest.MonkeyPatch) -> None:
        named = dataclasses.replace(config.get(), shop_name="Tea House", refund_alone_max=7)
        monkeypatch.setattr("evertill.kernel.config.get", lambda: named)

        assert (preferences.text(Name.SHOP_NAME), preferences.number(Name.REFUND_ALONE_MAX)) == ("Tea House", 7)
        change(MACHINE, Name.SHOP_NAME, "")
        assert preferences.text(Name.SHOP_NAME) == ""

    def test_what_is_shown_may_be_old_and_what_decides_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        patient = dataclasses.replace(config.get(), preference_cache_s=300)
        monkeypatch.setattr("evertill.kernel.config.get", lambda: patient)
        assert preferences.recall_number(Name.STOCK_LOW) == 5
        # As another process would have it: this one is not told.
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into preferences_value (id, name, version, value, changed_at, changed_by, why)"
                " values (1, 'stock.low', 1, '9', now(), 'STAFF:1', '')"
            )

        assert preferences.recall_number(Name.STOCK_LOW) == 5
        assert preferences.number(Name.STOCK_LOW) == 9
        preferences.forget()
        assert preferences.recall_number(Name.STOCK_LOW) == 9

    def test_whoever_changed_it_is_shown_it_at_once(self) -> None:
        assert shop_name() == ""
        change(MACHINE, Name.SHOP_NAME, "Tea House")
        assert shop_name() == "Tea House"

    def test_what_was_known_is_shown_while_the_database_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        change(MACHINE, Name.SHOP_NAME, "Tea House")
        eager = dataclasses.replace(config.get(), preference_cache_s=0)
        monkeypatch.setattr("evertill.kernel.config.get", lambda: eager)
        assert shop_name() == "Tea House"

        def away(*_: object, **__: object) -> None:
            raise psycopg.OperationalError("gone")

        monkeypatch.setattr("evertill.kernel.db.fetch", away)
        assert shop_name() == "Tea House"

    def test_settings_of_the_machine_are_shown_without_what_opens_something(self) -> None:
        told = {one.variable: one for one in list_settings(asker=staff(ADA, "administrator"), now=NOON)}

        assert set(told) == {variable(field.name) for field in dataclasses.fields(config.Config)}
        for name in ("SECRET", "DATABASE_URL", "OWNER_DATABASE_URL", "BACKUP_DATABASE_URL", "SMTP_URL"):
            assert told[f"EVERTILL_{name}"].value is None
        assert told["EVERTILL_ORDER_LINES_MAX"].value == "1000"
        with pytest.raises(Forbidden):
            list_settings(asker=staff(BOB, "support"), now=NOON)

    def test_an_address_is_shown_without_its_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given = dataclasses.replace(config.get(), backup_target="sftp://me:secret@host/folder")
        monkeypatch.setattr("evertill.kernel.config.get", lambda: given)

        (told,) = [one for one in config.tell() if one.variable == "EVERTILL_BACKUP_TARGET"]

        assert told.value == "sftp://…@host/folder"


class TestTables:
    def test_a_version_is_decided_once(self) -> None:
        change(MACHINE, Name.STOCK_LOW, "7")
        with pytest.raises(IntegrityError, match="preferences_value_once"), db.write(), connection.cursor() as cursor:
            cursor.execute(
                "insert into preferences_value (id, name, version, value, changed_at, changed_by, why)"
                " values (1, 'stock.low', 1, '9', now(), 'STAFF:1', '')"
            )

    def test_the_shop_adds_values_and_changes_none(self) -> None:
        assert preferences.RIGHTS == {"preferences_value": ("select", "insert")}
