"""`evertill audit`: what an operator reads, and what a script decides by."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.db import connection

from tests.builders import ask, make_product, place_one
from tests.contracts import command

pytestmark = pytest.mark.usefixtures("committed_db")


def audit(env: dict[str, str], *words: str | Path) -> subprocess.CompletedProcess[str]:
    return command.run(env, "audit", *words)


class TestAudit:
    def test_ends_well_on_a_sound_shop(self, shop_env: dict[str, str]) -> None:
        make_product("TEA")
        place_one()

        ended = audit(shop_env)

        assert ended.returncode == 0, ended.stderr
        assert "The books are sound." in ended.stdout
        assert "✗" not in ended.stdout

    def test_ends_with_1_and_names_each_difference(self, shop_env: dict[str, str]) -> None:
        make_product("TEA")
        number = place_one().number
        with connection.cursor() as cursor:
            cursor.execute("update orders_order set total = 7")
            cursor.execute("update stock_item set on_hand = 8")

        ended = audit(shop_env)

        assert ended.returncode == 1
        assert f"    {number}: total 7, by its lines 250\n" in ended.stdout
        assert "    TEA: on hand 8, by movements 10; reserved 1, by movements 1\n" in ended.stdout
        assert "3 differences. Nothing was changed; keep this list." in ended.stdout

    def test_names_each_receipt_that_has_no_order_as_it_says(self, shop_env: dict[str, str], tmp_path: Path) -> None:
        make_product("TEA", pieces=100)
        kept, gone, other = (place_one(ask(key)) for key in "123")
        with connection.cursor() as cursor:
            cursor.execute("delete from orders_order where id = %s", (gone.order.id,))
            cursor.execute("update orders_order set total = 7 where id = %s", (other.order.id,))
        (tmp_path / "first.txt").write_text(f"{kept.receipt}\n{gone.receipt}\n\nnothing\n", encoding="utf-8")
        (tmp_path / "second.txt").write_text(f"{other.receipt}\n{kept.receipt[:-9]}", encoding="utf-8")

        ended = audit(shop_env, "--receipts", tmp_path)

        assert ended.returncode == 1
        assert ended.stdout.startswith(
            f"    {gone.number}: it was acknowledged, and is lost\n"
            "    receipt 3: This is no receipt of any shop.\n"
            f"    {other.number}: total 0.07 GBP, by the receipt 2.50 GBP\n"
            "    receipt 5: This receipt is damaged: a part of it is missing, or was changed.\n"
            "✗ 1 of 5 receipts have their order as they say\n"
        ), ended.stdout
