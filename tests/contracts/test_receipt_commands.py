"""`evertill verify-receipt` and `evertill receipts`: clear words on each outcome, offline and against a shop."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from django.db import connection

from evertill.domains import receipts
from tests.builders import ask, make_product, place_one
from tests.contracts import command

pytestmark = pytest.mark.usefixtures("committed_db")

FACTS = """:
  2 × TEA at 2.50 GBP
  total 5.00 GBP
"""


def evertill(env: dict[str, str], *words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return command.run(env, *words, stdin=stdin)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The receipt of an order of 2 TEA."""
    make_product("TEA")
    path = tmp_path / "receipt.txt"
    path.write_text(place_one(ask(lines={"TEA": 2})).receipt + "\n", encoding="utf-8")
    return path


def change(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


class TestAgainstAShop:
    def test_says_that_it_is_kept(self, shop_env: dict[str, str], file: Path) -> None:
        ended = evertill(shop_env, "verify-receipt", file)

        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.startswith("Genuine and kept: the shop has this order, as the receipt says.\nOrder ")
        assert ended.stdout.endswith(f", placed 2026-11-22 12:00:00 UTC{FACTS}")

    def test_says_that_it_is_lost_and_what_to_do(self, shop_env: dict[str, str], file: Path) -> None:
        change("delete from orders_order")

        ended = evertill(shop_env, "verify-receipt", file)

        assert ended.returncode == 1
        assert ended.stdout.startswith(
            "Genuine, but this shop does not know the order: it was lost.\n  Keep the receipt"
        )
        assert ended.stdout.endswith(FACTS)

    def test_says_what_is_different(self, shop_env: dict[str, str], file: Path) -> None:
        change("update orders_order set total = 7")

        ended = evertill(shop_env, "verify-receipt", file)

        assert ended.returncode == 1
        assert "  total 0.07 GBP, by the receipt 5.00 GBP\n" in ended.stdout
        assert "Run `evertill audit`" in ended.stdout

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("Dear shop,", "This is no receipt of any shop."),
            ("[" * 100_000, "This is no receipt of any shop."),
            ("\0\udcff", "This is no receipt: it is no text."),
            ("EVERTILL1.AAAA", "This receipt is damaged: a part of it is missing, or was changed."),
            ("E" * (5 << 20), "This is larger than any receipt: more than 4 MiB."),
        ],
    )
    def test_says_what_it_cannot_be(self, shop_env: dict[str, str], tmp_path: Path, text: str, said: str) -> None:
        path = tmp_path / "other.txt"
        path.write_text(text, encoding="utf-8", errors="surrogateescape")

        ended = evertill(shop_env, "verify-receipt", path)

        assert ended.returncode == 1
        assert ended.stderr.startswith(f"evertill: {said}\n  "), ended.stderr


class TestOffline:
    def test_needs_the_keys_alone(self, shop_env: dict[str, str], file: Path, tmp_path: Path) -> None:
        keys = tmp_path / "keys.json"
        keys.write_text(evertill(shop_env, "receipts", "key").stdout, encoding="utf-8")

        ended = evertill({"PATH": shop_env["PATH"]}, "verify-receipt", file, "--key", keys)
        piped = evertill({}, "verify-receipt", "-", "--key", keys, stdin=file.read_text(encoding="utf-8"))

        assert ended.returncode == 0, ended.stderr
        assert ended.stdout == piped.stdout
        assert ended.stdout.startswith("Genuine: the shop with these keys signed it.")
        assert ended.stdout.endswith(FACTS)

    def test_tells_an_altered_one(self, shop_env: dict[str, str], file: Path, tmp_path: Path) -> None:
        keys = tmp_path / "keys.json"
        keys.write_text(evertill(shop_env, "receipts", "key").stdout, encoding="utf-8")
        text = file.read_text(encoding="utf-8")
        file.write_text(text[:100] + ("A" if text[100] != "A" else "B") + text[101:], encoding="utf-8")

        ended = evertill({}, "verify-receipt", file, "--key", keys)

        assert ended.returncode == 1
        assert ended.stderr.startswith("evertill: What this receipt says is not what the shop signed")

    def test_tells_another_shops(self, file: Path, tmp_path: Path) -> None:
        keys = tmp_path / "keys.json"
        made = {"id": "00", "algorithm": "Ed25519", "public_key": "A" * 43 + "=", "made_at": "2026-11-22T12:00:00Z"}
        keys.write_text(json.dumps({"keys": [made]}), encoding="utf-8")

        ended = evertill({}, "verify-receipt", file, "--key", keys)

        assert ended.returncode == 1
        assert ended.stderr.startswith("evertill: This receipt was signed by a key that is none of this shop's.")

    @pytest.mark.parametrize("content", ["", "{}", '{"keys": []}', "[" * 200_000, '{"keys": [{"id": "1"}]}'])
    def test_refuses_what_is_no_key_file(self, file: Path, tmp_path: Path, content: str) -> None:
        keys = tmp_path / "keys.json"
        keys.write_text(content, encoding="utf-8")

        ended = evertill({}, "verify-receipt", file, "--key", keys)

        assert ended.returncode == 1
        assert ended.stderr.startswith("evertill: This ")

    def test_tells_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        ended = evertill({}, "verify-receipt", tmp_path / "none")

        assert ended.returncode == 1
        assert "cannot be read: No such file or directory." in ended.stderr


class TestKeys:
    def test_are_rotated(self, shop_env: dict[str, str], file: Path) -> None:
        receipts.forget_signer()

        rotated = evertill(shop_env, "receipts", "rotate")
        told = json.loads(evertill(shop_env, "receipts", "key").stdout)
        kept = evertill(shop_env, "verify-receipt", file)

        assert rotated.stdout.startswith("Key 2 signs from now on"), rotated.stderr
        assert len(told["keys"]) == 2
        assert kept.returncode == 0


class TestRebuilding:
    def test_brings_an_order_back_and_releases_it(self, shop_env: dict[str, str], file: Path) -> None:
        change("delete from stock_movement where order_id is not null")
        change("update stock_item set reserved = 0")
        for table in ("orders_line", "orders_event", "orders_order"):
            change(f"delete from {table}")  # noqa: S608 — a name from above.
        words = ("orders", "rebuild", file, "--email", "ada@example.com", "--reason", "lost")

        rebuilt = evertill(shop_env, *words)
        again = evertill(shop_env, *words)
        checked = evertill(shop_env, "verify-receipt", file)
        number = rebuilt.stdout.split()[1]
        released = evertill(shop_env, "orders", "release", number, "--reason", "seen")

        assert rebuilt.stdout.startswith(f"Order {number} is there again, PLACED; its goods"), rebuilt.stderr
        assert again.stderr.startswith(f"evertill: The shop has the order {number}.\n  Nothing was changed.\n")
        assert checked.stdout.startswith("Genuine and kept")
        assert released.stdout == "Released: its goods may be handed over once it is paid.\n", released.stderr
