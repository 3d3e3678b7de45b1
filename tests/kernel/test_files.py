"""What the kernel knows of files and of where they are mounted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from evertill.kernel.files import is_mount, make_folder

_MOUNTS = """\
24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
61 24 254:0 /srv/disk/shop /srv/shop rw,relatime shared:1 - ext4 /dev/vda1 rw
62 24 254:16 / /srv/the\\040till rw,relatime shared:9 - ext4 /dev/vdb rw
"""


@pytest.fixture
def strict() -> Iterator[None]:
    """The umask of a careful administrator."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("strict")
class TestMakeFolder:
    def test_has_the_mode_that_is_asked_for_and_so_has_what_is_made_above_it(self, tmp_path: Path) -> None:
        wanted = tmp_path / "one" / "two" / "three"

        make_folder(wanted, mode=0o711)

        assert [mode_of(path) for path in (wanted, wanted.parent, tmp_path / "one")] == [0o711] * 3

    def test_leaves_what_is_there(self, tmp_path: Path) -> None:
        there = tmp_path / "there"
        there.mkdir(mode=0o700)

        make_folder(there, mode=0o755)
        make_folder(there / "below", mode=0o755)

        assert (mode_of(there), mode_of(there / "below")) == (0o700, 0o755)

    def test_is_refused_where_a_file_is(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        for path in (tmp_path / "file", tmp_path / "file" / "below"):
            with pytest.raises(OSError, match="Not a directory"):
                make_folder(path, mode=0o700)


class TestIsMount:
    def test_tells_a_mount_of_the_same_file_system_and_one_with_a_space_in_its_name(self, tmp_path: Path) -> None:
        mounts = tmp_path / "mountinfo"
        mounts.write_text(_MOUNTS, encoding="utf-8")

        told = {
            name: is_mount(Path(name), mounts=mounts)
            for name in ("/", "/srv", "/srv/shop", "/srv/shop/postgres", "/srv/the till")
        }

        assert told == {"/": True, "/srv": False, "/srv/shop": True, "/srv/shop/postgres": False, "/srv/the till": True}

    def test_asks_the_kernel(self, tmp_path: Path) -> None:
        assert is_mount(Path("/proc"))
        assert not is_mount(tmp_path)
