"""`evertill audit`: what an operator reads, and what a script decides by."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.builders import make_product, place_one

pytestmark = pytest.mark.usefixtures("committed_db")


def audit(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    evertill = Path(sys.executable).with_name("evertill")
    return subprocess.run([evertill, "audit"], env=env, capture_output=True, text=True, timeout=60)


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
        assert "2 differences. Nothing was changed; keep this list." in ended.stdout
