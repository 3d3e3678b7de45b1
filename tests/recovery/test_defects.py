"""Planted defects: every one is found by verifying, and nothing is found where nothing was planted.

What only a restore can show is in test_story.py.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evertill.domains.recovery import WrongKey
from evertill.domains.recovery.sealing import new_key
from evertill.journeys.plan_restore import plan_restore
from evertill.journeys.verify_backups import Memory, Verified, verify_backups
from tests.recovery.copies import Copies, make

_EACH, _EACH_OF_A_DRILL = 1, 20
_CLEAN, _CLEAN_OF_A_DRILL = 2, 100


def verify(copies: Copies) -> Verified:
    memory = Memory(backups=copies.remembered(), log_from=copies.manifests[0].start, log_until=copies.log_until)
    return verify_backups(opener=copies.open, key=copies.key, memory=memory)


def flip_a_bit(copies: Copies, dice: random.Random) -> None:
    path = dice.choice(copies.files())
    data = bytearray(path.read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


def truncate(copies: Copies, dice: random.Random) -> None:
    path = dice.choice(copies.files())
    path.write_bytes(path.read_bytes()[: dice.randrange(path.stat().st_size)])


def lose_an_object(copies: Copies, dice: random.Random) -> None:
    dice.choice([path for path in copies.files("/backups/") if "manifest-" not in path.name]).unlink()


def lose_some_log(copies: Copies, dice: random.Random) -> None:
    dice.choice(copies.files("/wal/")).unlink()


def truncate_the_log(copies: Copies, dice: random.Random) -> None:
    path = dice.choice(copies.files("/wal/"))
    path.write_bytes(path.read_bytes()[:-1])


def cut_off_the_end_of_the_log(copies: Copies, dice: random.Random) -> None:
    for path in copies.files("/wal/")[-dice.randint(1, 2) :]:
        path.unlink()


def lose_a_link(copies: Copies, dice: random.Random) -> None:
    shutil.rmtree(dice.choice(copies.files("manifest-")[:-1]).parent)


def leave_half_an_upload(copies: Copies, dice: random.Random) -> None:
    """The manifest comes last, so half an upload has none; and not all the rest."""
    path = dice.choice(copies.files("manifest-"))
    path.unlink()
    for other in dice.sample(sorted(path.parent.iterdir()), dice.randrange(4)):
        other.unlink()


def swap_two_objects(copies: Copies, dice: random.Random) -> None:
    one, other = dice.sample(copies.files(), 2)
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def put_another_shops_object(copies: Copies, dice: random.Random) -> None:
    path = dice.choice(copies.files())
    name, _, _ = str(path.relative_to(copies.folder)).rpartition("-")
    path.write_bytes(new_key().seal(name, dice.randbytes(500)).data)


_DEFECTS: list[Callable[[Copies, random.Random], None]] = [
    flip_a_bit,
    truncate,
    lose_an_object,
    lose_some_log,
    truncate_the_log,
    cut_off_the_end_of_the_log,
    lose_a_link,
    leave_half_an_upload,
    swap_two_objects,
    put_another_shops_object,
]


@pytest.fixture
def long(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("drill"))


class TestVerifying:
    @pytest.mark.parametrize("plant", _DEFECTS, ids=lambda plant: plant.__name__)
    def test_finds(
        self,
        plant: Callable[[Copies, random.Random], None],
        seed: int,
        long: bool,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        rounds = _EACH_OF_A_DRILL if long else _EACH
        for number in range(rounds):
            dice = random.Random(f"{seed}/{plant.__name__}/{number}")
            (tmp_path / str(number)).mkdir()
            copies = make(tmp_path / str(number), dice=dice)

            plant(copies, dice)

            found = verify(copies).findings
            assert found, f"{plant.__name__} {number} was not found; replay with --seed {seed}"
        if long:
            with capsys.disabled():
                print(f"\n  {plant.__name__}: {rounds} of {rounds} found; replay with make drill SEED={seed}", end="")

    def test_finds_nothing_where_nothing_was_planted(self, seed: int, long: bool, tmp_path: Path) -> None:
        for number in range(_CLEAN_OF_A_DRILL if long else _CLEAN):
            (tmp_path / str(number)).mkdir()
            copies = make(tmp_path / str(number), dice=random.Random(f"{seed}/clean/{number}"))

            verified = verify(copies)

            assert verified.findings == []
            assert verified.unfinished == []
            assert verified.backups == 4

    def test_says_that_a_key_is_the_wrong_one(self, tmp_path: Path) -> None:
        copies = make(tmp_path, dice=random.Random(1))

        with pytest.raises(WrongKey, match="encrypted by another key"):
            verify_backups(opener=copies.open, key=new_key())

    def test_passes_over_the_copies_of_another_shop(self, tmp_path: Path) -> None:
        copies = make(tmp_path, dice=random.Random(1))
        make(tmp_path, dice=random.Random(2))

        verified = verify_backups(opener=copies.open, key=copies.key)

        assert verified.findings == []
        assert (verified.lines, verified.backups) == (1, 4)

    def test_names_an_unfinished_backup_and_does_not_count_it(self, tmp_path: Path) -> None:
        copies = make(tmp_path, dice=random.Random(1))
        last = copies.manifests[-1].id
        (path,) = copies.files(f"{last}/manifest-")
        path.unlink()

        verified = verify_backups(opener=copies.open, key=copies.key)

        assert verified.findings == []
        assert verified.unfinished == [last]
        assert verified.backups == 3


class TestPlanning:
    def test_passes_over_a_backup_whose_link_is_missing(self, tmp_path: Path) -> None:
        copies = make(tmp_path, dice=random.Random(2))
        shutil.rmtree(copies.files(f"{copies.manifests[2].id}/manifest-")[0].parent)
        told: list[str] = []

        plan = plan_restore(target=copies.open(), key=copies.key, at=None, warn=told.append)

        assert [one.id for one in plan.chain] == [one.id for one in copies.manifests[:2]]
        assert plan.pieces[-1].end == copies.log_until
        assert [line.split()[2] for line in told] == [copies.manifests[3].id]

    def test_passes_over_a_manifest_that_cannot_be_read(self, tmp_path: Path) -> None:
        copies = make(tmp_path, dice=random.Random(3))
        (path,) = copies.files(f"{copies.manifests[3].id}/manifest-")
        path.write_bytes(path.read_bytes()[:-1])

        plan = plan_restore(target=copies.open(), key=copies.key, at=None)

        assert plan.backup.id == copies.manifests[2].id

    def test_leaves_out_what_it_is_told_to(self, tmp_path: Path) -> None:
        copies = make(tmp_path, dice=random.Random(4))

        plan = plan_restore(target=copies.open(), key=copies.key, at=None, without=[copies.manifests[1].id])

        assert plan.backup.id == copies.manifests[0].id
