"""What leaves the machine: opened by the stock tools, and by nothing that was changed, swapped or made by another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evertill.domains import recovery
from evertill.domains.recovery import Damaged, Key, WrongKey
from evertill.domains.recovery.sealing import KeyUnreadable, new_key, read_key, write_key

NAME = "0123456789abcdef/backups/b/database-000000"


@pytest.fixture(scope="module")
def key() -> Key:
    return new_key()


class TestSealing:
    def test_opens_what_it_sealed(self, key: Key) -> None:
        sealed = key.seal(NAME, b"orders" * 1000)

        assert key.open(sealed.key, sealed.data) == b"orders" * 1000
        assert sealed.key.startswith(f"{NAME}-")
        assert b"orders" not in sealed.data
        assert len(sealed.data) < 1000

    def test_is_opened_by_the_stock_tools(self, key: Key, tmp_path: Path) -> None:
        write_key(tmp_path / "key.txt", key)
        (tmp_path / "object").write_bytes(key.seal(NAME, b"orders").data)

        opened = subprocess.run(
            ["/bin/sh", "-c", "age -d -i key.txt object | zstd -dc"], cwd=tmp_path, capture_output=True, check=True
        )

        assert opened.stdout == b"orders", opened.stderr

    @pytest.mark.parametrize("part", [0, 0.7, 1])
    def test_finds_a_flipped_bit(self, key: Key, part: float) -> None:
        sealed = key.seal(NAME, b"orders")
        data = bytearray(sealed.data)
        # Where in it, and not at which byte: age adds something of a random length to each header.
        data[int(part * (len(data) - 1))] ^= 1

        with pytest.raises(Damaged, match="is not what was stored under this name"):
            key.open(sealed.key, bytes(data))

    def test_opens_nothing_whose_wrapped_key_has_a_flipped_bit(self, key: Key) -> None:
        sealed = key.seal(NAME, b"orders")
        data = bytearray(sealed.data)
        # Behind "age-encryption.org/v1" and the recipient's line: which key it was for cannot be told any more.
        data[data.index(b"\n", data.index(b"-> X25519")) + 10] ^= 1

        with pytest.raises((Damaged, WrongKey)):
            key.open(sealed.key, bytes(data))

    def test_finds_half_an_object(self, key: Key) -> None:
        sealed = key.seal(NAME, b"orders")

        with pytest.raises(Damaged):
            key.open(sealed.key, sealed.data[:-1])

    def test_finds_an_object_in_another_ones_place(self, key: Key) -> None:
        one, other = key.seal(NAME, b"one"), key.seal(NAME, b"other")

        with pytest.raises(Damaged):
            key.open(one.key, other.data)
        with pytest.raises(Damaged):
            key.open(one.key.replace("000000", "000001"), one.data)

    def test_tells_a_wrong_key_from_damage(self, key: Key) -> None:
        sealed = key.seal(NAME, b"orders")

        with pytest.raises(WrongKey, match="encrypted by another key"):
            new_key().open(sealed.key, sealed.data)

    def test_does_not_take_what_a_stranger_encrypted_to_us(self, key: Key) -> None:
        import pyrage

        forged = pyrage.encrypt(b"orders", [pyrage.x25519.Recipient.from_str(key.recipient)])

        with pytest.raises(Damaged):
            key.open(f"{NAME}-{'0' * 32}.zst.age", forged)


class TestKeyFile:
    def test_is_read_as_it_was_written_and_is_its_owners_alone(self, key: Key, tmp_path: Path) -> None:
        write_key(tmp_path / "key.txt", key)

        assert read_key(tmp_path / "key.txt").secret == key.secret
        assert (tmp_path / "key.txt").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("text", ["", "nothing", "AGE-SECRET-KEY-1" + "Q" * 58])
    def test_without_a_key_says_so(self, text: str, tmp_path: Path) -> None:
        (tmp_path / "key.txt").write_text(text, encoding="utf-8")

        with pytest.raises(KeyUnreadable, match=r"key\.txt"):
            read_key(tmp_path / "key.txt")

    def test_is_proved_by_its_end(self, key: Key) -> None:
        assert key.is_proved_by(f" {key.secret[-8:].lower()}\n")
        assert not key.is_proved_by("AAAAAAAA")
        assert not key.is_proved_by("")
        assert recovery.Key(key.secret).fingerprint == key.fingerprint
