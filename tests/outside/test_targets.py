"""Targets of backups: one contract, kept by a folder, a real S3 server process and a real sshd."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from evertill.domains import recovery
from evertill.domains.recovery import Target, TargetRefuses, TargetUnavailable
from evertill.kernel.errors import ConfigError
from evertill.outside.open_target import open_target
from tests.kernel.waiting import open_folder
from tests.outside.ports import deaf_port
from tests.recovery.places import Elsewhere, folder_in, s3_client, s3_in, sftp_in

LINE = "0123456789abcdef"
_PLACES = {"folder": folder_in, "s3": s3_in, "sftp": sftp_in}


@pytest.fixture(scope="module", params=sorted(_PLACES))
def elsewhere(request: pytest.FixtureRequest) -> Iterator[Elsewhere]:
    with open_folder() as home, _PLACES[request.param](home) as made:
        yield made


@pytest.fixture
def target(elsewhere: Elsewhere) -> Iterator[Target]:
    with closing(elsewhere.open()) as opened:
        yield opened
        for stored in list(opened.list("")):
            opened.delete(stored.key)


def fill(target: Target, *keys: str) -> None:
    target.put(f"{LINE}/line-x", b"line")
    for key in keys:
        target.put(f"{LINE}/{key}", key.encode())


class TestEveryTarget:
    def test_gives_back_what_was_put(self, target: Target) -> None:
        fill(target)
        data = os.urandom(3 << 20)

        target.put(f"{LINE}/backups/b/part", data)

        assert target.get(f"{LINE}/backups/b/part") == data

    def test_lists_in_the_order_of_keys_from_a_place_on(self, target: Target) -> None:
        fill(target, "wal/2/a", "wal/1/b", "wal/1-x", "wal/1/a", "backups/z", "wal/10/a")

        keys = [stored.key for stored in target.list(f"{LINE}/wal/")]
        later = [stored.key for stored in target.list(f"{LINE}/wal/", after=f"{LINE}/wal/1/a")]

        wanted = ["1-x", "1/a", "1/b", "10/a", "2/a"]
        assert keys == [f"{LINE}/wal/{key}" for key in wanted]
        assert later == keys[2:]
        assert next(iter(target.list("", after=f"{LINE}/backups/z"))).key == f"{LINE}/line-x"
        assert [stored.size for stored in target.list(f"{LINE}/wal/1-")] == [7]

    def test_names_what_is_missing(self, target: Target) -> None:
        fill(target)

        with pytest.raises(recovery.targets.ObjectMissing, match="backups/none is not in"):
            target.get(f"{LINE}/backups/none")

    def test_reads_nothing_that_is_larger_than_any_of_ours(
        self, target: Target, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(target)
        target.put(f"{LINE}/backups/b/large", bytes(1001))
        target.put(f"{LINE}/backups/b/small", bytes(1000))
        monkeypatch.setattr("evertill.domains.recovery.targets.OBJECT_BYTES_MAX", 1000)

        with pytest.raises(recovery.Damaged, match="backups/b/large is larger than anything of ours"):
            target.get(f"{LINE}/backups/b/large")
        assert target.get(f"{LINE}/backups/b/small") == bytes(1000)

    def test_forgets_what_is_deleted_and_minds_no_second_time(self, target: Target) -> None:
        fill(target, "wal/1/a", "wal/1/b")

        assert target.delete(f"{LINE}/wal/1/a")
        assert target.delete(f"{LINE}/wal/1/a")

        assert [stored.key for stored in target.list(f"{LINE}/wal/")] == [f"{LINE}/wal/1/b"]

    def test_takes_the_same_object_again(self, target: Target) -> None:
        fill(target, "wal/1/a")

        target.put(f"{LINE}/wal/1/a", b"wal/1/a")

        assert target.get(f"{LINE}/wal/1/a") == b"wal/1/a"

    def test_says_where_it_is_without_a_secret(self, target: Target, elsewhere: Elsewhere) -> None:
        assert target.place.partition("://")[0] == urlsplit(elsewhere.address).scheme
        assert "tested" not in target.place


class TestFolder:
    def test_that_is_gone_is_not_made_anew(self, tmp_path: Path) -> None:
        target = open_target(str(tmp_path / "mount"), folder=tmp_path, timeout_s=1)

        with pytest.raises(TargetUnavailable, match="perhaps it is not mounted"):
            target.put(f"{LINE}/line-x", b"")
        with pytest.raises(TargetUnavailable, match="perhaps it is not mounted"):
            list(target.list(""))

    def test_whose_mount_is_gone_is_not_filled_instead(self, tmp_path: Path) -> None:
        target = open_target(str(tmp_path), folder=tmp_path, timeout_s=1)

        with pytest.raises(TargetUnavailable, match="perhaps it is not mounted"):
            target.put(f"{LINE}/wal/1/a", b"")

    def test_that_is_full_says_so_and_keeps_no_half(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        target = open_target(str(tmp_path), folder=tmp_path, timeout_s=1)
        monkeypatch.setattr(os, "fsync", full)

        with pytest.raises(recovery.targets.TargetFull, match="No space left on device"):
            target.put(f"{LINE}/line-x", b"line")

        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_with_a_half_file_does_not_list_it(self, tmp_path: Path) -> None:
        target = open_target(str(tmp_path), folder=tmp_path, timeout_s=1)
        fill(target)
        (tmp_path / LINE / ".half-abc").write_bytes(b"li")

        assert [stored.key for stored in target.list("")] == [f"{LINE}/line-x"]


class TestFolderOfAThief:
    """Somebody who may write there puts what is no file in the place of files."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / LINE / "wal").mkdir(parents=True)
        (tmp_path / LINE / "wal" / "a").write_bytes(b"a")
        return tmp_path

    def keys(self, folder: Path) -> list[str]:
        return [one.key for one in open_target(str(folder), folder=folder, timeout_s=1).list("")]

    def get(self, folder: Path, name: str) -> bytes:
        return open_target(str(folder), folder=folder, timeout_s=1).get(f"{LINE}/wal/{name}")

    def test_waits_for_no_pipe_and_reads_nothing_that_has_no_end(self, folder: Path) -> None:
        os.mkfifo(folder / LINE / "wal" / "pipe")
        (folder / LINE / "wal" / "endless").symlink_to("/dev/zero")
        (folder / LINE / "wal" / "folder").mkdir()

        assert self.keys(folder) == [f"{LINE}/wal/a"]
        for name in ("pipe", "endless", "folder"):
            with pytest.raises(recovery.Damaged, match=f"wal/{name} is no file"):
                self.get(folder, name)
        with pytest.raises(recovery.targets.ObjectMissing):
            self.get(folder, "a/b")

    def test_does_not_go_round_in_circles(self, folder: Path) -> None:
        for name in ("one", "two"):
            (folder / LINE / "wal" / name).symlink_to("..")
        (folder / LINE / "wal" / "self").symlink_to("self")

        keys = self.keys(folder)

        assert keys[0] == f"{LINE}/wal/a"
        assert len(keys) == len(set(keys)) < 20
        with pytest.raises(recovery.Damaged, match="wal/self cannot be read"):
            self.get(folder, "self")

    def test_tells_a_place_that_the_disk_cannot_read_from_a_target_that_is_away(self, folder: Path) -> None:
        # Its first byte is nobody's, so reading it is what reading a bad sector is.
        (folder / LINE / "wal" / "bad").symlink_to("/proc/self/mem")

        with pytest.raises(recovery.Damaged, match="wal/bad cannot be read: Input/output error"):
            self.get(folder, "bad")
        assert self.get(folder, "a") == b"a"


class TestLockedBucket:
    def test_keeps_what_a_thief_overwrites_or_deletes(self) -> None:
        with open_folder() as home, s3_in(home, locked=True) as elsewhere, closing(elsewhere.open()) as target:
            fill(target, "wal/1/a")
            port = urlsplit(parse_qs(urlsplit(elsewhere.address).query)["endpoint"][0]).port
            assert port is not None
            with closing(s3_client(port)) as thief:
                key = f"shop/{LINE}/wal/1/a"
                thief.put_object(Bucket="copies", Key=key, Body=b"nothing")
                thief.delete_object(Bucket="copies", Key=key)

                assert not target.delete(f"{LINE}/wal/1/a")

            with closing(elsewhere.open()) as later:
                assert later.get(f"{LINE}/wal/1/a") == b"wal/1/a"
                assert [stored.size for stored in later.list(f"{LINE}/wal/")] == [7]


class TestBucket:
    def test_that_does_not_answer_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "backups").mkdir()
        (tmp_path / "backups" / "s3-credentials").write_text(
            "[default]\naws_access_key_id = a\naws_secret_access_key = b\n", encoding="utf-8"
        )

        with (
            deaf_port() as port,
            closing(
                open_target(f"s3://copies/?endpoint=http://127.0.0.1:{port}", folder=tmp_path, timeout_s=20)
            ) as target,
            pytest.raises(TargetUnavailable, match="cannot be reached"),
        ):
            target.put(f"{LINE}/line-x", b"")


class TestSftp:
    def test_without_the_right_to_remove_keeps_everything(self) -> None:
        with open_folder() as home, sftp_in(home, denied="remove,rmdir") as elsewhere:
            with closing(elsewhere.open()) as target:
                fill(target, "wal/1/a")

                assert not target.delete(f"{LINE}/wal/1/a")
                assert target.get(f"{LINE}/wal/1/a") == b"wal/1/a"

            (home / "backups" / "known_hosts").write_text("", encoding="utf-8")
            with (
                closing(elsewhere.open()) as target,
                pytest.raises(TargetRefuses, match="is not known by its key"),
            ):
                target.get(f"{LINE}/line-x")


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        ["ftp://host/folder", "copies", "s3:///prefix", "s3://b/?colour=red", "sftp://host/x", "sftp://a:b@host/x"],
    )
    def test_that_cannot_be_are_refused(self, address: str, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="EVERTILL_BACKUP_TARGET takes"):
            open_target(address, folder=tmp_path, timeout_s=1)
