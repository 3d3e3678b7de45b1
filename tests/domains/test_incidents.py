"""Alerts: one is open at a time for each thing, however often and by however many it is raised."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from structlog.testing import capture_logs

from evertill.domains import incidents
from evertill.domains.incidents import Alert, Kind
from evertill.journeys import watch_alerts
from evertill.kernel import db
from evertill.kernel.said import Said
from tests import tables
from tests.askers import at_the_machine
from tests.builders import NOON
from tests.threads import together

LATER = NOON + dt.timedelta(hours=1)


def lift(subject: str = "R1", *, detail: str = "5.00 GBP", now: dt.datetime = NOON) -> bool:
    return incidents.raise_alert(kind=Kind.REFUND_REFUSED, subject=subject, detail=detail, now=now)


def close(subject: str = "R1", *, now: dt.datetime = LATER) -> int:
    return incidents.close_alerts(kind=Kind.REFUND_REFUSED, subject=subject, actor="ada", why="paid by hand", now=now)


def shown() -> list[Alert]:
    return incidents.read_open_alerts(limit=10)


@pytest.mark.django_db
class TestRaise:
    def test_keeps_what_happened(self) -> None:
        assert lift() is True

        (alert,) = shown()
        assert alert == Alert(
            id=alert.id,
            kind="REFUND_REFUSED",
            subject="R1",
            detail="5.00 GBP",
            raised_at=NOON,
            times=1,
            last_at=NOON,
        )

    def test_keeps_the_code_of_what_happened_and_what_was_put_into_it(self) -> None:
        first, newest = (Said(text=f"{n} wait.", code="MESSAGES_WAIT", values={"since": n}) for n in ("5", "6"))
        incidents.raise_alert(kind=Kind.REFUND_REFUSED, subject="R1", detail=first, now=NOON)
        incidents.raise_alert(kind=Kind.REFUND_REFUSED, subject="R1", detail=newest, now=LATER)

        (alert,) = shown()
        assert (alert.detail, alert.said) == ("6 wait.", newest)
        lift()
        (alert,) = shown()
        assert alert.said == Said(text="5.00 GBP")

    def test_counts_what_is_open_already_and_tells_the_newest(self) -> None:
        lift()

        assert lift(detail="6.00 GBP", now=LATER) is False

        (alert,) = shown()
        assert (alert.times, alert.raised_at, alert.last_at, alert.detail) == (2, NOON, LATER, "6.00 GBP")

    def test_raises_anew_what_was_closed(self) -> None:
        lift()
        close()

        assert lift(now=LATER) is True

        (alert,) = shown()
        assert (alert.times, alert.raised_at) == (1, LATER)
        assert tables.count("incidents_alert") == 2

    def test_keeps_kinds_and_subjects_apart(self) -> None:
        assert lift("R1")
        assert lift("R2")
        assert incidents.raise_alert(kind=Kind.DISPUTE_OPENED, subject="R1", detail="", now=NOON)

        assert incidents.count_open_alerts() == {"REFUND_REFUSED": 2, "DISPUTE_OPENED": 1}

    def test_keeps_the_beginning_of_a_long_detail(self) -> None:
        lift(detail="x" * 501)

        assert shown()[0].detail == "x" * 500


@pytest.mark.usefixtures("committed_db")
class TestWarning:
    def test_is_logged_once_without_the_detail(self) -> None:
        with capture_logs() as said:
            for _ in range(2):
                with db.write():
                    lift()

        assert said == [{"event": "alert raised", "kind": "REFUND_REFUSED", "subject": "R1", "log_level": "warning"}]

    def test_is_not_logged_when_nothing_was_kept(self) -> None:
        def fail() -> None:
            with db.write():
                lift()
                raise LookupError

        with capture_logs() as said, pytest.raises(LookupError):
            fail()

        assert said == []
        assert shown() == []


@pytest.mark.usefixtures("committed_db")
class TestRaisingTogether:
    def test_two_at_once_make_one_alert(self) -> None:
        def one() -> bool:
            with db.write():
                return lift()

        new = together(one, one, one, one)

        assert sorted(new) == [False, False, False, True]
        (alert,) = shown()
        assert alert.times == 4


@pytest.mark.django_db
class TestClose:
    def test_says_by_whom_and_why(self) -> None:
        lift()

        assert close() == 1

        assert shown() == []
        (row,) = tables.rows("incidents_alert")
        assert row[-4:-1] == (LATER, "ada", "paid by hand")

    def test_does_nothing_where_nothing_is_open(self) -> None:
        lift("R2")

        assert close("R1") == 0

        assert [alert.subject for alert in shown()] == ["R2"]

    def test_of_one_ends_it_once(self) -> None:
        lift()
        lift("R2")
        number = next(alert.id for alert in shown() if alert.subject == "R1")

        watch_alerts.close_alert(alert_id=number, asker=at_the_machine("operator"), why="done", now=LATER)

        assert [alert.subject for alert in shown()] == ["R2"]
        with pytest.raises(incidents.AlertNotOpen, match=f"There is no open alert {number}."):
            watch_alerts.close_alert(alert_id=number, asker=at_the_machine("operator"), why="again", now=LATER)


@pytest.mark.django_db
class TestList:
    def test_is_newest_first_and_bounded(self) -> None:
        for hour in range(3):
            lift(f"R{hour}", now=NOON + dt.timedelta(hours=hour))

        listed = watch_alerts.list_alerts(limit=2)

        assert [alert.subject for alert in listed] == ["R2", "R1"]

    def test_counts_also_kinds_of_which_none_is_open(self) -> None:
        lift()

        assert watch_alerts.count_alerts() == dict.fromkeys(Kind, 0) | {Kind.REFUND_REFUSED: 1}


class TestRemedy:
    @pytest.mark.parametrize("kind", Kind)
    def test_is_there_for_every_kind(self, kind: Kind) -> None:
        assert incidents.remedy(kind) != incidents.remedy("SOMETHING_ELSE")

    def test_is_there_for_a_kind_of_another_release(self) -> None:
        assert incidents.remedy("SOMETHING_ELSE") == "Look into it, set right what is wrong, then close this."


@pytest.mark.django_db
class TestConstraints:
    @pytest.mark.parametrize(
        ("change", "name"),
        [
            ("set subject = 'R1'", "incidents_alert_open_once"),
            ("set subject = ''", "incidents_alert_named"),
            ("set times = 0", "incidents_alert_times_positive"),
            ("set closed_at = now()", "incidents_alert_closed_with_reason"),
            ("set closed_by = 'ada'", "incidents_alert_closed_with_reason"),
        ],
    )
    def test_refuse_what_cannot_be(self, change: str, name: str) -> None:
        lift("R1")
        lift("R2")

        with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"update incidents_alert {change} where subject = 'R2'")
