"""What builds on what, what is due, what may go: pure, by the log and not by clocks."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.recovery import Backup, Kind, Manifest, Part, Piece, State, rules

LINE = "0123456789abcdef"
NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
TIMETABLE = rules.Timetable(
    full_every=dt.timedelta(hours=24), incremental_every=dt.timedelta(hours=1), retry_after=dt.timedelta(minutes=10)
)
SEGMENT = 16 << 20


def piece(start: int, end: int, *, timeline: int = 1, sent_at: dt.datetime = NOON) -> Piece:
    return Piece(timeline=timeline, start=start, end=end, sent_at=sent_at, key=f"{start}-{end}", size=end - start)


def manifest(name: str, *, parent: str | None = None, stop: int = 10, ended_at: dt.datetime = NOON) -> Manifest:
    part = Part(key=name, size=1)
    return Manifest(
        line=LINE,
        id=name,
        kind=Kind.INCREMENTAL if parent else Kind.FULL,
        parent=parent,
        began_at=ended_at - dt.timedelta(minutes=1),
        ended_at=ended_at,
        timeline=1,
        start=stop - 5,
        stop=stop,
        system="1",
        segment_bytes=SEGMENT,
        server="180006",
        release="0",
        plain_bytes=1,
        database=[part],
        listing=part,
        files=part,
    )


def backup(kind: Kind, ago: dt.timedelta, state: State = State.COMPLETE) -> Backup:
    return Backup(id=f"{kind}-{ago}", line=LINE, kind=kind, state=state, began_at=NOON - ago)


def by_id(*manifests: Manifest) -> dict[str, Manifest]:
    return {one.id: one for one in manifests}


class TestNames:
    def test_of_the_log_tell_what_is_in_it(self) -> None:
        name = rules.piece_name(
            line=LINE, timeline=2, start=SEGMENT + 5, end=SEGMENT + 9, sent_at=NOON, segment_bytes=SEGMENT
        )
        key = f"{name}-{'0' * 32}.zst.age"

        read = rules.read_piece(key, size=77, segment_bytes=SEGMENT)

        assert read == Piece(timeline=2, start=SEGMENT + 5, end=SEGMENT + 9, sent_at=NOON, key=key, size=77)
        assert name.startswith(f"{LINE}/wal/00000002/0000000000000001/")

    @pytest.mark.parametrize("key", ["", "x/wal/1", f"{LINE}/line-{'0' * 32}.zst.age", f"{LINE}/wal/00000001/history"])
    def test_of_others_are_no_pieces(self, key: str) -> None:
        assert rules.read_piece(key, size=1, segment_bytes=SEGMENT) is None

    def test_of_a_manifest_tell_which(self) -> None:
        name = f"{rules.backup_folder(line=LINE, backup='b-1')}/manifest-{'a' * 32}.zst.age"

        assert rules.manifest_of(name) == (LINE, "b-1")
        assert rules.manifest_of(name.replace("manifest", "listing")) is None


class TestCover:
    def test_joins_what_follows_without_a_gap(self) -> None:
        found = rules.cover([piece(5, 9), piece(0, 5), piece(9, 12)], timeline=1, start=2)

        assert [(one.start, one.end) for one in found] == [(0, 5), (5, 9), (9, 12)]

    def test_takes_the_one_that_reaches_furthest(self) -> None:
        found = rules.cover([piece(0, 3), piece(0, 16), piece(3, 7), piece(16, 18)], timeline=1, start=0)

        assert [(one.start, one.end) for one in found] == [(0, 16), (16, 18)]

    def test_ends_at_the_first_gap(self) -> None:
        found = rules.cover([piece(0, 5), piece(6, 9)], timeline=1, start=0)

        assert [(one.start, one.end) for one in found] == [(0, 5)]

    def test_is_empty_where_the_beginning_is_missing(self) -> None:
        assert rules.cover([piece(5, 9), piece(0, 2)], timeline=1, start=3) == []

    def test_ends_with_the_first_behind_a_moment(self) -> None:
        late = NOON + dt.timedelta(seconds=1)
        pieces = [piece(0, 5), piece(5, 9, sent_at=late), piece(9, 12, sent_at=late)]

        assert [one.end for one in rules.cover(pieces, timeline=1, start=0, until=NOON)] == [5, 9]

    @given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=25), st.integers(0, 40))
    def test_reaches_as_far_as_anything_can(self, drawn: list[tuple[int, int]], start: int) -> None:
        pieces = [piece(at, at + length) for at, length in drawn]

        found = rules.cover(pieces, timeline=1, start=start)

        covered = {position for at, length in drawn for position in range(at, at + length)}
        reach = start
        while reach in covered:
            reach += 1
        assert (found[-1].end if found else start) == reach
        assert all(one.end >= other.start for one, other in itertools.pairwise(found))


class TestChain:
    def test_goes_back_to_a_full_one(self) -> None:
        manifests = by_id(manifest("full"), manifest("one", parent="full"), manifest("two", parent="one"))

        assert [one.id for one in rules.chain(manifests, backup="two")] == ["full", "one", "two"]

    def test_names_the_link_that_is_missing(self) -> None:
        manifests = by_id(manifest("one", parent="full"), manifest("two", parent="one"))

        with pytest.raises(rules.LinkMissing, match="The backup full, on which one builds, is not there"):
            rules.chain(manifests, backup="two")


class TestChoose:
    def test_takes_the_newest_by_the_log_whatever_clocks_said(self) -> None:
        jumped = manifest("later", stop=30, ended_at=NOON - dt.timedelta(days=9))

        assert rules.choose([manifest("earlier", stop=20), jumped], at=None).id == "later"

    def test_takes_the_last_before_a_moment(self) -> None:
        hours = [manifest(f"at-{n}", stop=n * 10, ended_at=NOON + dt.timedelta(hours=n)) for n in range(1, 5)]

        assert rules.choose(hours, at=NOON + dt.timedelta(hours=2, minutes=30)).id == "at-2"

    def test_says_when_the_first_one_ends(self) -> None:
        with pytest.raises(rules.NothingToRestore, match="The first backup ends at 2026-11-22 12:00:00 UTC"):
            rules.choose([manifest("first")], at=NOON - dt.timedelta(minutes=1))


class TestDue:
    @pytest.mark.parametrize(
        ("known", "due"),
        [
            ([], Kind.FULL),
            ([backup(Kind.FULL, dt.timedelta(minutes=59))], None),
            ([backup(Kind.FULL, dt.timedelta(minutes=60))], Kind.INCREMENTAL),
            ([backup(Kind.FULL, dt.timedelta(hours=24))], Kind.FULL),
            (
                [backup(Kind.FULL, dt.timedelta(hours=5)), backup(Kind.INCREMENTAL, dt.timedelta(minutes=5))],
                None,
            ),
            ([backup(Kind.INCREMENTAL, dt.timedelta(minutes=5))], Kind.FULL),
            ([backup(Kind.FULL, dt.timedelta(minutes=5), State.FAILED)], None),
            ([backup(Kind.FULL, dt.timedelta(minutes=10), State.FAILED)], Kind.FULL),
            ([backup(Kind.FULL, dt.timedelta(minutes=90), State.REMOVED)], Kind.FULL),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_follows_the_timetable(self, known: list[Backup], due: Kind | None) -> None:
        assert rules.due(known, timetable=TIMETABLE, now=NOON) == due

    def test_does_not_wait_for_a_clock_that_was_wrong(self) -> None:
        jumped = backup(Kind.FULL, dt.timedelta(days=-400))

        assert rules.due([jumped], timetable=TIMETABLE, now=NOON) is Kind.FULL


class TestKeep:
    def test_keeps_every_moment_of_the_last_days_and_one_of_each_week_and_month(self) -> None:
        manifests = by_id(
            *(
                manifest(f"full-{day:02d}", stop=1000 - day * 10, ended_at=NOON - dt.timedelta(days=day))
                for day in range(60)
            )
        )

        kept = rules.keep(manifests, policy=rules.Policy(days=7, weeks=2, months=2), now=NOON)

        # The last week, and the one before it from which the first moment is reached; then first ones.
        recent = {f"full-{day:02d}" for day in range(9)}
        mondays, months = {"full-06", "full-13"}, {"full-21", "full-52"}
        assert kept.backups - recent == (mondays | months) - recent
        assert kept.log[-1] == (1000 - 80 - 5, None)
        assert (1000 - 210 - 5, 1000 - 210) in kept.log

    def test_keeps_what_a_kept_one_builds_on(self) -> None:
        manifests = by_id(
            manifest("full", stop=10, ended_at=NOON - dt.timedelta(days=9)),
            manifest("one", parent="full", stop=20, ended_at=NOON - dt.timedelta(days=8)),
            manifest("two", parent="one", stop=30, ended_at=NOON),
        )

        kept = rules.keep(manifests, policy=rules.Policy(days=1, weeks=0, months=0), now=NOON)

        assert kept.backups == {"full", "one", "two"}

    def test_keeps_nothing_that_no_promise_needs(self) -> None:
        manifests = by_id(
            manifest("old", stop=10, ended_at=NOON - dt.timedelta(days=9)),
            manifest("before", stop=20, ended_at=NOON - dt.timedelta(days=2)),
            manifest("new", stop=30, ended_at=NOON),
        )

        kept = rules.keep(manifests, policy=rules.Policy(days=1, weeks=0, months=0), now=NOON)

        assert kept.backups == {"before", "new"}
        assert list(kept.log) == [(15, None)]

    def test_keeps_the_newest_by_the_log_when_the_clock_has_jumped_ahead(self) -> None:
        daily = [
            manifest(f"full-{day}", stop=100 - day * 10, ended_at=NOON - dt.timedelta(days=day)) for day in range(9)
        ]
        jumped = NOON + dt.timedelta(days=4000)
        manifests = by_id(*daily, manifest("jumped", stop=110, ended_at=jumped))

        kept = rules.keep(manifests, policy=rules.Policy(days=7, weeks=0, months=0, fulls=7), now=jumped)

        assert kept.backups == {"jumped", *(f"full-{day}" for day in range(6))}
        assert kept.log[-1] == (100 - 50 - 5, None)
