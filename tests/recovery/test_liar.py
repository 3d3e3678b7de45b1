"""A target that lies: names of what is not there, and objects that nobody of ours wrote. What is genuine stays good."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest

from evertill.domains.recovery import rules
from evertill.domains.recovery.sealing import Damaged
from evertill.journeys.fetch_copies import fetching_copies, write_log
from evertill.journeys.plan_restore import Plan, plan_restore
from evertill.journeys.read_catalogue import list_pieces, read_catalogue
from evertill.journeys.verify_backups import verify_backups
from tests.recovery.copies import NOON, SEGMENT, Copies, make

MAC = "0" * 32


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    (tmp_path / "copies").mkdir()
    return make(tmp_path / "copies", dice=random.Random(5))


def put(copies: Copies, key: str, data: bytes = b"nothing of ours") -> str:
    path = copies.folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return key


def piece_key(copies: Copies, start: int, end: int, *, sent_at: dt.datetime = NOON) -> str:
    name = rules.piece_name(
        line=copies.line.id, timeline=1, start=start, end=end, sent_at=sent_at, segment_bytes=SEGMENT
    )
    return f"{name}-{MAC}.zst.age"


def log_of(copies: Copies, plan: Plan, into: Path) -> tuple[dict[str, bytes], list[str]]:
    """The files of the log that a plan gives, and what was passed over on the way."""
    into.mkdir()
    with fetching_copies(plan=plan, opener=copies.open, key=copies.key, report=lambda *_: None) as fetching:
        write_log(fetching, into=into)
        return {path.name: path.read_bytes() for path in into.iterdir()}, fetching.passed_over


def planned(copies: Copies, **more: Any) -> Plan:
    return plan_restore(target=copies.open(), key=copies.key, at=None, **more)


class TestNames:
    def test_of_a_moment_behind_all_years_are_nobodys(self, copies: Copies) -> None:
        key = piece_key(copies, SEGMENT, SEGMENT + 100)
        put(copies, key.replace(f"{int(NOON.timestamp() * 1000):012X}", "F" * 12))

        assert planned(copies).pieces[-1].end == copies.log_until

    def test_that_reach_beyond_their_file_of_the_log_are_nobodys(self, copies: Copies) -> None:
        real = list_pieces(copies.open(), line=copies.line, timeline=1, since=0)
        for start, end in ((SEGMENT, SEGMENT * 90), (SEGMENT, 2 * SEGMENT + 1), (SEGMENT + 5, (1 << 64) - 1)):
            put(copies, piece_key(copies, start, end))
        # One that stands where another file's pieces stand.
        other = piece_key(copies, SEGMENT, SEGMENT + 9).replace(f"/{1:016X}/", f"/{3:016X}/")
        put(copies, other)

        assert list_pieces(copies.open(), line=copies.line, timeline=1, since=0) == real

    @pytest.mark.parametrize("name", ["~~", "\u00fcber", "~/x", "\u4e00/\u4e00"])
    def test_that_sort_behind_all_of_ours_do_not_go_round_in_circles(self, copies: Copies, name: str) -> None:
        put(copies, f"{copies.line.id}/{name}")
        put(copies, f"zz/{name}")
        put(copies, "README")

        found = read_catalogue(target=copies.open(), key=copies.key)

        assert [one.line.id for one in found] == [copies.line.id]


class TestPieces:
    def test_that_are_forged_are_passed_over_where_others_have_the_log(self, copies: Copies, tmp_path: Path) -> None:
        whole, _ = log_of(copies, planned(copies), tmp_path / "whole")
        first = 4 * SEGMENT
        # One over all of a file, one in the midst of it, and one that begins like the last of all.
        forged = [piece_key(copies, first, first + SEGMENT), piece_key(copies, first + 7, first + 2 * SEGMENT // 3)]
        real = planned(copies).pieces[-1]
        forged.append(piece_key(copies, real.start, real.end - 1))
        for key in forged:
            put(copies, key)

        log, passed_over = log_of(copies, planned(copies), tmp_path / "again")

        assert log == whole
        assert set(passed_over) <= set(forged)
        assert forged[0] in passed_over
        # Whoever verifies is told of each.
        found = {one.subject for one in verify_backups(opener=copies.open, key=copies.key).findings}
        assert set(forged) <= found

    def test_that_are_sealed_and_shorter_than_they_say_are_passed_over(self, copies: Copies, tmp_path: Path) -> None:
        whole, _ = log_of(copies, planned(copies), tmp_path / "whole")
        name = piece_key(copies, 4 * SEGMENT, 5 * SEGMENT).removesuffix(f"-{MAC}.zst.age")
        sealed = copies.key.seal(name, b"short")
        put(copies, sealed.key, sealed.data)

        log, passed_over = log_of(copies, planned(copies), tmp_path / "again")

        assert log == whole
        assert passed_over == [sealed.key]

    def test_behind_the_end_end_a_restore_that_can_be_told_to_leave_them_out(
        self, copies: Copies, tmp_path: Path
    ) -> None:
        """Nobody else has that stretch, and what is missing is not to be missing without a word."""
        whole, _ = log_of(copies, planned(copies), tmp_path / "whole")
        key = put(copies, piece_key(copies, copies.log_until, copies.log_until + 100))

        with pytest.raises(Damaged) as refused:
            log_of(copies, planned(copies), tmp_path / "refused")

        assert refused.value.facts["key"] == key
        assert "--without" in refused.value.remedy
        log, passed_over = log_of(copies, planned(copies, without=[key]), tmp_path / "again")
        assert (log, passed_over) == (whole, [])

    def test_of_a_thief_with_the_key_can_be_left_out_too(self, copies: Copies, tmp_path: Path) -> None:
        whole, _ = log_of(copies, planned(copies), tmp_path / "whole")
        name = piece_key(copies, 4 * SEGMENT, 5 * SEGMENT).removesuffix(f"-{MAC}.zst.age")
        sealed = copies.key.seal(name, bytes(SEGMENT))
        put(copies, sealed.key, sealed.data)

        log, _ = log_of(copies, planned(copies, without=[sealed.key]), tmp_path / "again")

        assert log == whole
        # It opens, and says another thing than the others about the same stretch.
        found = verify_backups(opener=copies.open, key=copies.key).findings
        assert {one.subject for one in found} >= {sealed.key}
