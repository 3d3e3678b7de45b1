"""A shop whose target is not there: it opens and trades all the same, says so, and catches up by itself."""

from __future__ import annotations

import pytest

from tests.kernel.waiting import open_folder, until
from tests.recovery.test_story import order
from tests.shop import shop_in


# What the log and a backup do meanwhile is in test_archive.py and test_faults.py, without a shop's processes.
@pytest.mark.drill
class TestAway:
    def test_keeps_no_shop_closed_and_is_caught_up_with(self) -> None:
        with open_folder() as home:
            settings = {"backup_target": f"file://{home / 'copies'}", "backup_away_s": "1", "drill_min": "0"}
            with shop_in(home / "data", settings=settings) as shop:
                shop.workers = 1
                shop.start()
                shop.stock_up([("TEA", 10)])
                order(shop, "early@example.com")
                until(lambda: "BACKUP_TARGET_AWAY" in shop.run("alerts").stdout, seconds=240)

                (home / "copies").mkdir()

                until(lambda: list((home / "copies").glob("*/backups/*/manifest-*")), seconds=240)
                assert "BACKUP_TARGET_AWAY" not in shop.run("alerts").stdout
