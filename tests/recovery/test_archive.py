"""The log on its way to the target: through outages, restarts and gaps. A real server, a target with a switch."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from evertill.domains import incidents, recovery
from evertill.domains.recovery import Piece
from evertill.journeys.backup_server import slot_of
from evertill.kernel import config, embedded
from tests import server as servers
from tests.kernel.waiting import open_folder, until
from tests.recovery.archives import Archive, archiving, dropped

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def archive(
    tmp_path: Path, pg_server: servers.Server, monkeypatch: pytest.MonkeyPatch, committed_db: None
) -> Iterator[Archive]:
    with archiving(tmp_path, pg_server, monkeypatch) as made:
        yield made


class TestArchive:
    def test_sends_what_is_written_and_lets_go_of_it_only_then(self, archive: Archive) -> None:
        with archive.running():
            first = archive.write()
            until(lambda: archive.reached() >= first)

            line = recovery.place.Place(archive.data).read_line()
            assert line is not None
            until(lambda: (recovery.queries.read_slot_position(slot=slot_of(line)) or 0) >= first)
        for piece in archive.pieces():
            assert len(archive.key.open(piece.key, archive.open().get(piece.key))) == piece.end - piece.start

    def test_goes_on_where_it_was(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
        between = archive.write()

        with archive.running():
            until(lambda: archive.reached() >= between)

        pieces = sorted(archive.pieces(), key=lambda one: one.start)
        assert all(one.end == other.start for one, other in itertools.pairwise(pieces))

    def test_waits_for_a_target_that_is_away_and_says_so(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
            archive.away.set()
            meanwhile = archive.write()
            until(lambda: [one.kind for one in incidents.read_open_alerts(limit=9)] == ["BACKUP_TARGET_AWAY"])

            archive.away.clear()
            until(lambda: archive.reached() >= meanwhile)
            until(lambda: incidents.read_open_alerts(limit=9) == [])

    def test_begins_anew_with_an_alert_where_the_server_let_go(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
        line = recovery.place.Place(archive.data).read_line()
        assert line is not None
        with psycopg.connect(archive.server.superuser_url, autocommit=True) as database:
            until(lambda: dropped(database, slot_of(line)))

        with archive.running():
            until(lambda: [one.kind for one in incidents.read_open_alerts(limit=9)] == ["BACKUP_LOG_GAP"])

    def test_joins_a_full_segment_into_one_object(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
            archive.settle()
            with psycopg.connect(archive.server.superuser_url, autocommit=True) as database:
                database.execute("select pg_switch_wal()")
            archive.settle()

        size = 16 << 20
        whole = [piece for piece in archive.pieces() if piece.end - piece.start == size]
        assert whole
        inside = [
            p for p in archive.pieces() if p.start >= whole[-1].start and p.end <= whole[-1].end and p not in whole
        ]
        assert inside == []

    def test_begins_a_new_line_when_the_database_went_back(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
        place = recovery.place.Place(archive.data)
        line, last = place.read_line(), max(archive.pieces(), key=lambda one: one.end)
        assert line is not None
        put_ahead(archive, last)

        with archive.running():
            until(lambda: (place.read_line() or line).id != line.id)
            archive.settle()

    def test_believes_no_name_of_what_it_has_not_sent(self, archive: Archive) -> None:
        """Else the database would let go of a stretch that is nowhere."""
        with archive.running():
            archive.settle()
        place = recovery.place.Place(archive.data)
        line, last = place.read_line(), max(archive.pieces(), key=lambda one: one.end)
        assert line is not None
        forged = {path.relative_to(archive.copies) for path in put_ahead(archive, last)}
        for key in forged:
            (archive.copies / key).write_bytes(b"nothing of ours")
        position = archive.write()

        with archive.running():
            until(lambda: (recovery.queries.read_slot_position(slot=slot_of(line)) or 0) > position)

        assert place.read_line() == line
        real = [piece for piece in archive.pieces() if Path(piece.key) not in forged]
        covering = recovery.rules.cover(real, timeline=1, start=place.read_log_begin() or 0)
        assert covering[-1].end > position
        for piece in real:
            assert len(archive.key.open(piece.key, archive.open().get(piece.key))) == piece.end - piece.start


def put_ahead(archive: Archive, last: Piece) -> list[Path]:
    """Have the target hold log beyond what there is, up to the end of the next segment but one; return its files."""
    size = 16 << 20
    ends = [(last.end // size + number) * size for number in range(1, 4)]
    files = []
    for start, end in itertools.pairwise([last.end, *ends]):
        name = recovery.rules.piece_name(
            line=last.key.partition("/")[0], timeline=1, start=start, end=end, sent_at=last.sent_at, segment_bytes=size
        )
        sealed = archive.key.seal(name, bytes(end - start))
        archive.open().put(sealed.key, sealed.data)
        files.append(archive.copies / sealed.key)
    return files


class TestSync:
    @pytest.fixture
    def archive(
        self, tmp_path: Path, pg_server: servers.Server, monkeypatch: pytest.MonkeyPatch, committed_db: None
    ) -> Iterator[Archive]:
        # A server of its own, because what commits wait for is one thing for a whole server.
        with open_folder() as folder, embedded.running(folder=folder, tell=lambda _line: None):
            own = replace(pg_server, superuser_url=embedded.superuser_url(folder))
            with archiving(tmp_path, own, monkeypatch, log_sync=1) as made:
                yield made

    def test_answers_a_commit_only_when_it_is_at_the_target(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # On a busy machine the target may take its time; no commit is answered without it for that.
        patient = replace(config.get(), log_sync_patience_s=600)
        monkeypatch.setattr(config, "get", lambda: patient)
        with archive.running():
            until(archive.is_sync)

            for _ in range(5):
                position = archive.write()
                assert archive.reached() > position

    def test_does_not_keep_the_shop_closed_for_a_target_that_is_away(self, archive: Archive) -> None:
        with archive.running():
            until(archive.is_sync)
            archive.away.set()
            began = time.monotonic()

            archive.write()

            assert time.monotonic() - began > 0.5
            archive.away.clear()
            until(archive.is_sync)
