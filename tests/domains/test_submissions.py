"""Submissions in the database and in the file: kept once a key, whole or not at all, and gone in time."""

from __future__ import annotations

import datetime as dt
import errno
import os
import stat
from pathlib import Path

import msgspec
import psycopg
import pytest
from django.db import IntegrityError, transaction

from evertill.domains import submissions
from evertill.domains.submissions import State, spool
from evertill.domains.submissions.models import Submission
from tests import tables
from tests.builders import NOON, ask
from tests.submitting import MONTH, failed, later

BIG = 1 << 20


def found(one: submissions.Failed) -> submissions.Submission:
    kept = submissions.find(submission_id=one.id)
    assert kept is not None
    return kept


@pytest.mark.django_db
class TestKeep:
    def test_keeps_all_of_it(self) -> None:
        one = failed(ask(lines={"TEA": 2, "CUP": 1}, phone="+8613800138000", language="zh-hans", account_id=9))

        submissions.keep(failed=one)

        assert found(one) == submissions.Submission(
            failed=one, state=State.OPEN, first_failed_at=NOON, order_id=None, ended_at=None, ended_by="", note=""
        )

    def test_of_the_same_key_keeps_how_it_failed_last(self) -> None:
        one = failed()
        again = later(one, 60, code="INTERNAL", email="new@example.com")

        for each in (one, again, one):
            submissions.keep(failed=each)

        assert tables.count("submissions_submission") == 1
        assert found(one).failed == again
        assert found(one).first_failed_at == NOON

    def test_leaves_alone_what_has_an_order(self) -> None:
        one = failed()
        submissions.keep(failed=one)
        submissions.finish(submission_id=one.id, order_id=5, actor="ada", now=NOON)

        submissions.keep(failed=later(one, 60))

        assert (found(one).state, found(one).order_id, found(one).failed) == (State.PLACED, 5, one)

    def test_opens_again_what_failed_after_it_was_closed(self) -> None:
        one = failed()
        submissions.keep(failed=one)
        submissions.close(submission_id=one.id, actor="ada", note="no answer", now=NOON + dt.timedelta(seconds=30))

        submissions.keep(failed=later(one, 20))
        assert found(one).state is State.CLOSED

        submissions.keep(failed=later(one, 40))
        assert (found(one).state, found(one).note) == (State.OPEN, "")

    @pytest.mark.parametrize(
        ("wrong", "constraint"),
        [
            ({"consent_text": ""}, "has_consent"),
            ({"consent_version": ""}, "has_consent"),
            ({"email": "", "phone": ""}, "has_contact"),
        ],
    )
    def test_keeps_nothing_that_nobody_agreed_to(self, wrong: dict[str, str], constraint: str) -> None:
        with pytest.raises(psycopg.errors.CheckViolation, match=constraint), transaction.atomic():
            submissions.keep(failed=msgspec.structs.replace(failed(), **wrong))


@pytest.mark.django_db
class TestEnding:
    def test_is_once_and_by_somebody(self) -> None:
        one = failed()
        submissions.keep(failed=one)

        assert submissions.close(submission_id=one.id, actor="ada", note="x" * 600, now=NOON)
        assert not submissions.close(submission_id=one.id, actor="bob", note="", now=NOON)
        submissions.finish(submission_id=one.id, order_id=5, actor="customer", now=NOON)
        submissions.finish(submission_id=one.id, order_id=6, actor="eve", now=NOON)

        assert (found(one).order_id, found(one).ended_by, len(found(one).note)) == (5, "customer", 500)

    @pytest.mark.parametrize(
        "wrong", [{"state": "LOST"}, {"state": "PLACED", "ended_by": "x", "ended_at": NOON}, {"ended_by": "x"}]
    )
    def test_in_no_other_way_is_possible(self, wrong: dict[str, object]) -> None:
        submissions.keep(failed=failed())

        with pytest.raises(IntegrityError), transaction.atomic():
            Submission.objects.update(**wrong)

    def test_removes_on_the_day_that_was_told_whatever_became_of_it(self) -> None:
        ones = [failed(ask(str(n)), reference=n) for n in range(1, 5)]
        for one in ones:
            submissions.keep(failed=one)
        submissions.keep(failed=failed(ask("later"), reference=9, at=NOON + dt.timedelta(seconds=1)))
        submissions.finish(submission_id=ones[0].id, order_id=5, actor="ada", now=NOON)

        early = submissions.remove_old(now=NOON + MONTH - dt.timedelta(seconds=1), limit=3)
        batches = [submissions.remove_old(now=NOON + MONTH, limit=3) for _ in range(3)]

        assert (early, batches) == (0, [3, 1, 0])
        assert tables.count("submissions_submission") == 1

    def test_removes_what_an_account_wanted(self) -> None:
        mine, other = failed(ask("1", account_id=9), reference=1), failed(ask("2", account_id=8), reference=2)
        for one in (mine, other):
            submissions.keep(failed=one)

        assert submissions.remove_of_account(account_id=9, limit=10) == 1
        assert submissions.find(submission_id=mine.id) is None
        assert found(other).failed == other


class TestSpool:
    def test_gives_back_what_was_put_in_and_then_is_empty(self, tmp_path: Path) -> None:
        ones = [failed(ask(str(n)), reference=n) for n in range(3)]
        for one in ones:
            spool.append(folder=tmp_path, failed=one, bytes_max=BIG)

        with spool.loading(folder=tmp_path) as batch:
            assert (batch.found, batch.unreadable) == (ones, 0)
            # Whoever comes meanwhile finds room, and is not forgotten.
            spool.append(folder=tmp_path, failed=ones[0], bytes_max=BIG)

        with spool.loading(folder=tmp_path) as batch:
            assert batch.found == ones[:1]
        with spool.loading(folder=tmp_path) as batch:
            assert batch.found == []
        assert not spool.is_used(folder=tmp_path)

    def test_is_readable_by_nobody_else(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            spool.append(folder=tmp_path, failed=failed(), bytes_max=BIG)
            with spool.loading(folder=tmp_path) as batch:
                batch.left = batch.found
        finally:
            os.umask(before)

        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}

    def test_gives_again_what_was_not_stored(self, tmp_path: Path) -> None:
        ones = [failed(ask(str(n)), reference=n) for n in range(3)]
        spool.append(folder=tmp_path, failed=ones[0], bytes_max=BIG)
        with pytest.raises(RuntimeError), spool.loading(folder=tmp_path):
            raise RuntimeError
        spool.append(folder=tmp_path, failed=ones[1], bytes_max=BIG)

        with spool.loading(folder=tmp_path) as batch:
            assert batch.found == ones[:2]
            batch.left = [ones[1]]
        spool.append(folder=tmp_path, failed=ones[2], bytes_max=BIG)

        with spool.loading(folder=tmp_path) as batch:
            assert batch.found == ones[1:]

    def test_has_a_bound(self, tmp_path: Path) -> None:
        size = len(msgspec.json.encode(failed())) + 1
        for _ in range(3):
            spool.append(folder=tmp_path, failed=failed(), bytes_max=3 * size)

        with pytest.raises(spool.SpoolFull):
            spool.append(folder=tmp_path, failed=failed(), bytes_max=3 * size)
        with spool.loading(folder=tmp_path) as batch:
            assert len(batch.found) == 3

    def test_goes_on_behind_a_line_that_a_power_cut_left_without_an_end(self, tmp_path: Path) -> None:
        one = failed()
        spool.append(folder=tmp_path, failed=one, bytes_max=BIG)
        with (tmp_path / "submissions.spool").open("ab") as file:
            file.write(msgspec.json.encode(one)[:-9])

        spool.append(folder=tmp_path, failed=one, bytes_max=BIG)

        with spool.loading(folder=tmp_path) as batch:
            assert (batch.found, batch.unreadable) == ([one, one], 1)

    def test_leaves_no_half_line_when_the_disk_is_full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        spool.append(folder=tmp_path, failed=failed(), bytes_max=BIG)
        before = (tmp_path / "submissions.spool").read_bytes()
        write = os.write

        def full(handle: int, data: bytes) -> int:
            if len(data) < 100:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(handle, data[:-50])

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            spool.append(folder=tmp_path, failed=failed(), bytes_max=BIG)

        assert (tmp_path / "submissions.spool").read_bytes() == before

    def test_follows_no_link_that_somebody_planted(self, tmp_path: Path) -> None:
        (tmp_path / "submissions.spool").symlink_to(tmp_path / "elsewhere")

        with pytest.raises(OSError, match="symbolic link"):
            spool.append(folder=tmp_path, failed=failed(), bytes_max=BIG)
