"""What the shop runs by is on record whenever it is not what it was."""

from __future__ import annotations

import msgspec
import pytest

from evertill.domains import trail
from evertill.domains.trail import Record, Search
from evertill.journeys.record_settings import record_settings
from evertill.kernel import config
from evertill.kernel.settings import Told
from tests.builders import NOON
from tests.people import MINUTE

pytestmark = pytest.mark.usefixtures("committed_db")


def records() -> list[Record]:
    return trail.read_records(search=Search(operation="settings.start"), limit=10)


class TestRecordSettings:
    def test_of_the_first_start_holds_what_is_not_the_default(self) -> None:
        record_settings(now=NOON)

        (record,) = records()
        told = {one.variable: one.value for one in config.tell() if one.value is not None and not one.is_default}
        assert msgspec.json.decode(record.after)["settings"] == told
        assert record.before == "{}"

    def test_writes_nothing_when_nothing_changed(self) -> None:
        record_settings(now=NOON)

        assert record_settings(now=NOON) == {}
        assert len(records()) == 1

    def test_says_what_was_before(self, monkeypatch: pytest.MonkeyPatch) -> None:
        record_settings(now=NOON)
        told = [
            _replaced(one, value="7", is_default=False) if one.variable == "EVERTILL_PAGE_SIZE_MAX" else one
            for one in config.tell()
        ]
        monkeypatch.setattr("evertill.journeys.record_settings.config.tell", lambda: told)

        assert record_settings(now=NOON + MINUTE) == {"EVERTILL_PAGE_SIZE_MAX": "7"}
        monkeypatch.undo()
        record_settings(now=NOON + 2 * MINUTE)

        assert [record.before for record in records()] == ['{"EVERTILL_PAGE_SIZE_MAX":"7"}', "{}", "{}"]


def _replaced(one: Told, *, value: str, is_default: bool) -> Told:
    return Told(variable=one.variable, help=one.help, value=value, is_default=is_default)
