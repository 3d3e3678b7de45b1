"""What the kernel knows of files and of where they are mounted."""

from __future__ import annotations

from pathlib import Path

from evertill.kernel.files import is_mount

_MOUNTS = """\
24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
61 24 254:0 /srv/disk/shop /srv/shop rw,relatime shared:1 - ext4 /dev/vda1 rw
62 24 254:16 / /srv/the\\040till rw,relatime shared:9 - ext4 /dev/vdb rw
"""


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
