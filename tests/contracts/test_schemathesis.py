"""The API keeps to its own document: whatever is sent, the answer is one that stands there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.waiting import open_folder
from tests.shop import Shop, shop_in

# Left out: that data which fits the schema is accepted (a SKU that fits need not exist), and that a made-up token is
# refused (the token of the order that the exam has just placed is one that opens it).
_WITHOUT = "positive_data_acceptance,ignored_auth"
_EXAMPLES = 12
_EXAMPLES_OF_A_DRILL = 2_000
# The same requests at every run; another seed is for drills.
_SEED = 20261122


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with open_folder() as folder, shop_in(folder / "data", demo=True) as shop:
        shop.workers = 1
        # What reads an answer to its end would wait for a quarter of an hour.
        shop.settings = {"stream_life_s": "1"}
        shop.start()
        yield shop


def examine(shop: Shop, folder: Path, *, config: pytest.Config, token: str = "") -> subprocess.CompletedProcess[str]:
    seed = config.getoption("seed")
    examples = _EXAMPLES_OF_A_DRILL if config.getoption("drill") else _EXAMPLES
    words = ["run", f"{shop.url}/api/v1/schema/openapi.json", "--no-color", "--exclude-checks", _WITHOUT]
    words += ["--seed", str(_SEED if seed is None else seed), "--max-examples", str(examples)]
    words += ["--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "120"]
    words += ["--header", f"Authorization: Bearer {token}"] if token else []
    return subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), *words],
        cwd=folder,
        # The sets in it come in the same sequence each time too.
        env=dict(os.environ) | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=3600,
    )


class TestApi:
    def test_answers_a_guest_as_documented(self, shop: Shop, tmp_path: Path, pytestconfig: pytest.Config) -> None:
        ended = examine(shop, tmp_path, config=pytestconfig)

        assert ended.returncode == 0, ended.stdout
        assert "No issues found" in ended.stdout

    def test_answers_an_integrator_as_documented(self, shop: Shop, tmp_path: Path, pytestconfig: pytest.Config) -> None:
        scopes = [
            word
            for scope in ("orders:read", "orders:cancel", "orders:pay", "orders:refund", "orders:price")
            for word in ("--scope", scope)
        ]
        token = shop.run("token", "issue", "exam", *scopes).stdout.split()[-1]

        ended = examine(shop, tmp_path, config=pytestconfig, token=token)

        assert ended.returncode == 0, ended.stdout
        assert "No issues found" in ended.stdout

    def test_leaves_sound_books_and_a_quiet_log(self, shop: Shop) -> None:
        audited = shop.run("audit")

        assert audited.returncode == 0, audited.stdout
        assert "Traceback" not in shop.log.read_text(encoding="utf-8")
        assert '"level": "error"' not in shop.log.read_text(encoding="utf-8")
