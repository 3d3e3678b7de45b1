"""The walls between rooms: each is tried by breaching it, because a check that never failed may check nothing."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
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
    ("entries", "entry/desk/frame.py", "from evertill.entry.shop import cart"),
    ("entries", "entry/shop/cart.py", "from evertill.entry.desk import words"),
    ("entries", "entry/pages/forms.py", "from evertill.entry.shop import cart"),
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
_ALL_BREACHES = [(contract, *where) for contract, where in _BREACHES.items()] + _MORE_BREACHES


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source in a folder of its own, with the contracts beside it."""
    folder = tmp_path_factory.mktemp("breach")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_BIN / "lint-imports", "--config", folder / "pyproject.toml", "--no-cache"],
        cwd=folder / "src",
        env=dict(os.environ) | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def noticed(source: Path) -> dict[str, str]:
    """What is said of each contract when all the bad imports are there at once: it takes as long as one of them."""
    for _, name, statement in _ALL_BREACHES:
        with (source / "src" / "evertill" / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{statement}\n")

    ended = lint(source)

    assert ended.returncode == 1, ended.stdout + ended.stderr
    _, _, broken = ended.stdout.partition("Broken contracts")
    return {
        contract: broken.partition(f"\n{title}\n{'-' * len(title)}\n")[2].partition("\n---")[0]
        for contract, title in _CONTRACTS.items()
    }


class TestImportContracts:
    def test_each_has_a_breach_here(self) -> None:
        assert _BREACHES.keys() == _CONTRACTS.keys()

    def test_are_kept(self, tmp_path: Path) -> None:
        ended = lint(ROOT)

        assert ended.returncode == 0, ended.stdout
        assert f"Contracts: {len(_CONTRACTS)} kept, 0 broken." in ended.stdout

    @pytest.mark.parametrize(("contract", "name", "statement"), _ALL_BREACHES)
    def test_notice_a_breach(self, noticed: dict[str, str], contract: str, name: str, statement: str) -> None:
        importer = "evertill." + name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

        assert any(says in noticed[contract] for says in _sayings(contract, importer, statement)), noticed[contract]


def _sayings(contract: str, importer: str, statement: str) -> list[str]:
    """How import-linter can tell of a bad import: by it, or by a module that has no layer, or by the ring it closes."""
    _, module, *names = statement.replace(" import ", " ").split()
    imported = [module, *(f"{module}.{name}" for name in names)]
    if not module.startswith("evertill."):
        # Of others it knows the package only.
        imported = [module.partition(".")[0]]
    if contract == "acyclic":
        return [f"- .{importer.rpartition('.')[2]} -> .{imported[-1].rpartition('.')[2]} "]
    return [f"{importer} -> {one} (l." for one in imported] + [f"\n- {importer}\n"]


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


class TestTemplates:
    @pytest.mark.parametrize(("side", "other"), [("desk", "shop"), ("desk", "account"), ("shop", "desk")])
    def test_of_shop_and_desk_show_nothing_of_each_other(self, side: str, other: str) -> None:
        found = [
            (path.name, shown)
            for path in sorted((ROOT / "src" / "evertill" / "entry" / side).rglob("*.html"))
            for shown in re.findall(rf"""["']({other}/[^"']+)""", path.read_text(encoding="utf-8"))
        ]

        assert found == []


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
            timeout=600,
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
            timeout=600,
        )

        assert ended.returncode == 1
        assert 'Argument "amount" to "Money" has incompatible type "float"; expected "int"' in ended.stdout
        assert "Function is missing a type annotation" in ended.stdout
