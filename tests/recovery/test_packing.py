"""What a data folder has beside its database, packed and unpacked: whole, bounded, and nowhere but in its place."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from evertill.domains.recovery.place import FilesTooLarge, FileUnreadable, Place, unpack_files
from evertill.domains.recovery.sealing import Damaged


def pack(folder: Path) -> bytes:
    return Place(folder).pack_files(secret="s", settings={"EVERTILL_BACKUP_TARGET": "file:///copies"})


def packed_by_a_thief(name: str, *, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A well-formed tar file with one member, such as somebody with the key of the backups can seal."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, "/etc/passwd", 4 if kind == tarfile.REGTYPE else 0
        tar.addfile(member, io.BytesIO(b"evil"))
    return made.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "postgres.json").write_text("{}", encoding="utf-8")
    (folder / "postgres.json").chmod(0o600)
    (folder / "secret.key").write_text("secret", encoding="utf-8")
    (folder / "secret.key").chmod(0o600)
    return folder


class TestPacking:
    def test_gives_back_files_with_their_rights_and_leaves_out_what_can_be_made_again(
        self, folder: Path, tmp_path: Path
    ) -> None:
        (folder / "postgres").mkdir()
        (folder / "postgres" / "PG_VERSION").write_text("18", encoding="utf-8")
        (folder / "postgres.location").write_text("/elsewhere", encoding="utf-8")
        (folder / "messages").mkdir()
        (folder / "messages" / "one").write_text("1", encoding="utf-8")
        (folder / "messages" / "one").chmod(0o644)
        into = tmp_path / "again"
        into.mkdir()

        unpack_files(pack(folder), into=into)

        found = {str(path.relative_to(into)): path.stat().st_mode & 0o777 for path in into.rglob("*") if path.is_file()}
        assert found == {
            "messages/one": 0o644,
            "postgres.json": 0o600,
            "secret.key": 0o600,
            "settings-of-the-backup.env": 0o600,
        }

    def test_does_not_even_read_what_is_too_large(self, folder: Path) -> None:
        with (folder / "dump.sql").open("wb") as file:
            file.truncate(1 << 42)

        with pytest.raises(FilesTooLarge, match=r"more than 32 MiB; one is dump\.sql"):
            pack(folder)

    def test_names_what_cannot_be_read(self, folder: Path) -> None:
        # Its first byte is nobody's.
        (folder / "bad").symlink_to("/proc/self/mem")

        with pytest.raises(FileUnreadable, match=r"bad .*Input/output error"):
            pack(folder)


class TestUnpacking:
    @pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
    def test_writes_nothing_outside(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "into").mkdir()

        with pytest.raises(Damaged, match="a place that cannot be"):
            unpack_files(packed_by_a_thief(name), into=tmp_path / "into")

        assert list(tmp_path.rglob("*")) == [tmp_path / "into"]

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
    def test_makes_no_links_and_no_devices(self, kind: bytes, tmp_path: Path) -> None:
        with pytest.raises(Damaged):
            unpack_files(packed_by_a_thief("secret.key", kind=kind), into=tmp_path)

        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["postgres.location", "postgres/postgresql.conf", "backups/key.txt", "run.json"])
    def test_takes_nothing_that_is_never_packed(self, name: str, tmp_path: Path) -> None:
        """Such as where the database lives: a restore that fails removes everything there."""
        unpack_files(packed_by_a_thief(name), into=tmp_path)

        assert list(tmp_path.iterdir()) == []

    def test_says_that_it_is_no_package(self, tmp_path: Path) -> None:
        with pytest.raises(Damaged, match="cannot be unpacked"):
            unpack_files(b"nothing of ours", into=tmp_path)
