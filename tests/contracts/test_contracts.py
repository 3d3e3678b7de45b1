"""The walls between rooms: each is tried by breaching it, because a check that never failed may check nothing."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.waiting import ROOT

_BIN = Path(sys.executable).parent
_CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
}

# A bad import for each contract: the file it is added to, and the import.
_BREACHES = {
    "layers": ("kernel/clock.py", "from evertill.journeys import place_orders"),
    "domains": ("domains/stock/queries.py", "from evertill.domains import orders"),
    "doors": ("journeys/cancel_order.py", "from evertill.domains.stock.operations import move"),
    "pure": ("domains/stock/rules.py", "from evertill.kernel import clock"),
    "no-http": ("journeys/cancel_order.py", "import litestar"),
    "outside-door": ("journeys/cancel_order.py", "from evertill.outside import breaker"),
    "outside-free": ("outside/breaker.py", "import psycopg"),
    "callers": ("entry/lane/auth.py", "import httpx"),
    "entries": ("entry/worker/run.py", "from evertill.entry import lane"),
    "sandbox": ("sandbox/rules.py", "from evertill.domains import orders"),
    "sandbox-door": ("entry/worker/run.py", "from evertill.sandbox import rules"),
    "acyclic": ("journeys/view_order.py", "from evertill.journeys import cancel_order"),
}
_MORE_BREACHES = [
    ("layers", "domains/orders/queries.py", "from evertill.entry.site import settings"),
    ("doors", "entry/worker/jobs.py", "import evertill.domains.orders.queries"),
    ("pure", "domains/orders/rules.py", "import django.db"),
    ("pure", "domains/orders/types.py", "import psycopg"),
    ("pure", "domains/orders/rules.py", "import time"),
    ("pure", "domains/identity/rules.py", "import secrets"),
    ("pure", "domains/ledger/standard.py", "from evertill.kernel import db"),
    ("no-http", "domains/orders/queries.py", "from uvicorn import Server"),
    ("entries", "entry/lane/__init__.py", "from evertill.entry.site import settings"),
    ("layers", "journeys/cancel_order.py", "from evertill.sandbox import rules"),
    ("sandbox", "sandbox/store.py", "import psycopg"),
    ("sandbox", "sandbox/serve.py", "from evertill.kernel import log"),
    ("layers", "outside/breaker.py", "from evertill.journeys import view_order"),
    ("doors", "outside/caller.py", "from evertill.domains.payments.providers import register"),
    ("outside-free", "outside/caller.py", "from evertill.kernel import db"),
    ("outside-door", "domains/payments/queries.py", "from evertill.outside import breaker"),
    ("callers", "kernel/clock.py", "import smtplib"),
    ("layers", "a_new_room.py", "from evertill.kernel import clock"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source in a folder of its own, with the contracts beside it."""
    folder = tmp_path_factory.mktemp("breach")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def breach(copy: Path) -> Iterator[Breach]:
    breach = Breach(copy)
    yield breach
    breach.mend()


class Breach:
    """Files of the copy that were changed, to be changed back."""

    def __init__(self, copy: Path) -> None:
        self._copy = copy
        self._before: dict[Path, str | None] = {}

    def add(self, name: str, statement: str) -> None:
        path = self._copy / "src" / "evertill" / name
        text = path.read_text(encoding="utf-8") if path.exists() else None
        self._before[path] = text
        path.write_text(f"{text or ''}\n{statement}\n", encoding="utf-8")

    def mend(self) -> None:
        for path, text in self._before.items():
            if text is None:
                path.unlink()
            else:
                path.write_text(text, encoding="utf-8")

    def check(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [_BIN / "lint-imports", "--config", self._copy / "pyproject.toml", "--no-cache"],
            cwd=self._copy / "src",
            env=dict(os.environ) | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=60,
        )


class TestImportContracts:
    def test_each_has_a_breach_here(self) -> None:
        assert _BREACHES.keys() == _CONTRACTS.keys()

    def test_are_kept(self, breach: Breach) -> None:
        ended = breach.check()

        assert ended.returncode == 0, ended.stdout
        assert f"Contracts: {len(_CONTRACTS)} kept, 0 broken." in ended.stdout

    @pytest.mark.parametrize(
        ("contract", "name", "statement"),
        [(contract, *where) for contract, where in _BREACHES.items()] + _MORE_BREACHES,
    )
    def test_notice_a_breach(self, breach: Breach, contract: str, name: str, statement: str) -> None:
        breach.add(name, statement)

        ended = breach.check()

        assert ended.returncode == 1
        assert f"{_CONTRACTS[contract]} BROKEN" in ended.stdout


# What import-linter cannot tell apart, because it sees of an outside package only its first name.
_DJANGO_HTTP = ("django.http", "django.shortcuts", "django.urls", "django.views", "django.forms", "django.template")


def django_http_in(text: str) -> list[str]:
    """The modules of Django's HTTP side that a source text imports."""
    imported: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in imported if name.startswith(_DJANGO_HTTP)]


class TestDjangosHttp:
    def test_stays_out_of_all_rooms_but_the_entries(self) -> None:
        rooms = [ROOT / "src" / "evertill" / room for room in ("kernel", "domains", "journeys")]
        found = {
            str(path): names
            for room in rooms
            for path in sorted(room.rglob("*.py"))
            if (names := django_http_in(path.read_text(encoding="utf-8")))
        }

        assert found == {}

    @pytest.mark.parametrize(
        "statement",
        [
            "import django.http",
            "from django.http import HttpRequest",
            "from django import http, db",
            "import django.views",
        ],
    )
    def test_is_noticed(self, statement: str) -> None:
        assert django_http_in(statement)


class TestLinter:
    @pytest.mark.parametrize(
        ("statement", "rule"),
        [
            ("import datetime as dt\n\nNOW = dt.datetime.now(dt.UTC)\n", "TID251"),
            ("def fetch(ids=[]):  # noqa: ANN001, ANN201, D103\n    return ids\n", "B006"),
            ("def move(sku: str, force: bool) -> None:\n    print(sku, force)\n", "FBT001"),
            ("try:\n    import x\nexcept Exception:\n    pass\n", "BLE001"),
            ("QUERY = f\"select sku from stock_item where sku = '{__name__}'\"\n", "S608"),
        ],
    )
    def test_notices_a_breach(self, statement: str, rule: str) -> None:
        ended = subprocess.run(
            [_BIN / "ruff", "check", "--no-cache", "--stdin-filename", "src/evertill/journeys/bad.py", "-"],
            cwd=ROOT,
            input=statement,
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert ended.returncode == 1
        assert rule in ended.stdout


class TestTypes:
    def test_notice_a_breach(self, tmp_path: Path) -> None:
        bad = tmp_path / "bad.py"
        bad.write_text(
            "from evertill.kernel.money import Money\n\n"
            "PRICE = Money(amount=1.5, currency='GBP')\n\n\n"
            "def untyped(value):\n    return value\n",
            encoding="utf-8",
        )

        ended = subprocess.run(
            [_BIN / "mypy", "--config-file", "pyproject.toml", "--cache-dir", tmp_path / "cache", bad],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )

        assert ended.returncode == 1
        assert 'Argument "amount" to "Money" has incompatible type "float"; expected "int"' in ended.stdout
        assert "Function is missing a type annotation" in ended.stdout
