"""Documentation that cannot go stale: its commands are run, its links followed, its generated pages compared.

The commands of each page are run in their order, by one shell, as a reader would: in a folder of its own, on a shop
that `make shop` has started. What stands here in their place is in the tables below, and nowhere else. A command that
neither runs as it is nor has a proof here fails.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from functools import cache
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection

import pytest

from evertill.entry.cli import docs
from evertill.kernel import embedded
from evertill.kernel.config import Config
from evertill.kernel.settings import variable
from tests import server as servers
from tests.contracts import shim
from tests.contracts.documented import Page, pages
from tests.contracts.test_up import clean_environment, free_port
from tests.kernel.waiting import ROOT, open_folder, until

# Made once: each is the whole of it.
generated = cache(docs.pages)
_PAGES = list(pages())
_COMMANDS = {page.name: page.commands() for page in _PAGES}
# Pages with the same commands, which are translations, once.
_WITH_COMMANDS = list({tuple(page.commands()): page for page in reversed(_PAGES) if page.commands()}.values())[::-1]
_VENV = Path(sys.prefix)
# Far more than a quiet machine needs, so that a busy one does not fail.
_READY_SECONDS = 240.0

# Places that the pages name → what they are here. Ports and databases of this machine belong to others.
_SHOP, _METRICS, _DATABASE = (
    "http://127.0.0.1:8000",
    "http://127.0.0.1:9000",
    "postgresql://evertill:secret@127.0.0.1:5432/evertill",
)

# Files that the pages speak of as the reader's own.
_FILES = {
    "products.csv": 'sku,title,price,currency,stock\nDOC-001,"Paper, ruled",4.20,GBP,12\n',
    "categories.csv": "slug,title,title_zh-hans,parent\npaper,Paper,纸,\nruled,Ruled,横线,paper\n",
    "invoices.csv": (
        "InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID,Country\n"
        "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2.55,17850,United Kingdom\n"
        "C536379,D,Discount,-1,27.50,14527,United Kingdom\n"
        "C536383,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-1,2.55,17850,United Kingdom\n"
    ),
}

# What runs as it is: these programs, and what a shell does by itself.
_PROGRAMS = ("evertill", "curl", "psql", "pg_dump", "pg_restore", ".")
_ASSIGNMENT = re.compile(r"[A-Z_]+=")

# The answers that a page promises, where they are not all 200: a reader of them would wonder.
_ANSWERS = {
    "README.md": [201],
    "docs/guide/first-order.md": [200, 200, 201, 201, 200, 200, 409, 201],
    "docs/guide/live.md": [201, 200, 200],
    "docs/guide/receipts.md": [201],
    "docs/guide/balance.md": [201, 201],
}

# What a newcomer does, to the letter.
_AS_INSTALLED = ("README.md", "docs/guide/first-order.md")


def _starts_a_shop(command: str) -> bool:
    return re.search(r"(^|\s)evertill up\b", command) is not None


def _starts_sandbox(command: str) -> bool:
    return command.startswith("evertill sandbox-provider")


def _is_make(command: str) -> bool:
    return command.split(maxsplit=1)[0] == "make"


def _is_install(command: str) -> bool:
    return command == "pip install ."


# Commands that run for long, or change more than a test may → the class below that proves them.
_PROVED = (
    (_starts_a_shop, "TestStarting"),
    (_starts_sandbox, "TestStartingSandbox"),
    (_is_make, "TestMake"),
    (_is_install, "TestInstalling"),
)


def proof_of(command: str) -> str | None:
    """This function will return the class that proves a command, or None when it is simply run.

    Raises LookupError for a command that nobody here knows how to run.
    """
    for is_it, proof in _PROVED:
        if is_it(command):
            return proof
    program = command.split(maxsplit=1)[0]
    if program in _PROGRAMS or _ASSIGNMENT.match(command):
        return None
    raise LookupError(f"Teach tests/contracts/test_docs.py to run or to prove: {command}")


def _proved_by(proof: str) -> list[str]:
    commands = (command for listed in _COMMANDS.values() for command in listed)
    return sorted({command for command in commands if _is_known(command) and proof_of(command) == proof})


def _is_known(command: str) -> bool:
    try:
        proof_of(command)
    except LookupError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The shop that the pages are tried on, and a folder for readers beside its data."""

    folder: Path
    port: int

    @property
    def said(self) -> Path:
        return self.folder / "said"

    @property
    def places(self) -> dict[str, str]:
        return {_SHOP: f"http://127.0.0.1:{self.port}", _METRICS: f"http://127.0.0.1:{self.port + 1000}"}

    def environment(self) -> dict[str, str]:
        # PostgreSQL's own programs last, for machines that have none.
        path = f"{_VENV / 'bin'}:{os.environ['PATH']}:{embedded.find_programs()}"
        return clean_environment() | {"EVERTILL_DATA": str(self.folder / "data"), "PATH": path}


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """A shop as `make shop` starts it; what is installed is what these tests run with."""
    port = free_port()
    with open_folder() as folder:
        words = ["make", "-o", f"{_VENV}/.shop", "shop", f"VENV={_VENV}", f"PORT={port}", f"DATA={folder / 'data'}"]
        started = Shop(folder=folder, port=port)
        with _open(words, cwd=ROOT, env=clean_environment(), said=started.said):
            # Metrics and Sandbox have processes of their own, which a shop that opens does not wait for.
            until(lambda: _listens(port + 1000) and _listens(port + 1200))
            yield started


@contextmanager
def _open(words: list[str], *, cwd: Path, env: Mapping[str, str], said: Path) -> Iterator[None]:
    """A shop that is started by a command, is open while the block runs, and is closed as by Ctrl-C."""
    with said.open("w", encoding="utf-8") as output:
        # A group of its own, as a terminal gives each command, so that Ctrl-C reaches all of it and nothing else.
        process = subprocess.Popen(
            words, cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT, process_group=0, text=True
        )
    try:
        until(
            lambda: "Stop it with Ctrl-C." in said.read_text(encoding="utf-8") or process.poll() is not None,
            seconds=_READY_SECONDS,
        )
        assert process.poll() is None, said.read_text(encoding="utf-8")
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)
    # make itself ends by the signal, once its command has ended as it should.
    assert process.returncode in (0, -signal.SIGINT), said.read_text(encoding="utf-8")
    assert "nothing was left running" in said.read_text(encoding="utf-8")


def _listens(port: int) -> bool:
    with suppress(OSError), create_connection(("127.0.0.1", port), timeout=30):
        return True
    return False


@pytest.fixture
def place(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A reader's folder: an installed project, and the files that the pages speak of as his."""
    with open_folder() as folder:
        (folder / ".venv").symlink_to(_VENV)
        for name, text in _FILES.items():
            (folder / name).write_text(text, encoding="utf-8")
        yield folder


def _here(command: str, places: Mapping[str, str]) -> str:
    for there, here in places.items():
        command = command.replace(there, here)
    return command


class TestCommands:
    @pytest.mark.parametrize("page", _WITH_COMMANDS, ids=lambda page: page.name)
    def test_are_all_run_or_proved(self, page: Page) -> None:
        for command in page.commands():
            proof = proof_of(command)
            assert proof is None or proof in globals()

    def test_stand_in_blocks_of_one_kind(self) -> None:
        # A block that says "bash" or "console" would not be run.
        assert {language for page in _PAGES for language in page.languages()} <= {"sh", "csv", "html", "json", "py", ""}

    @pytest.mark.parametrize("command", ["frobnicate --now", "sudo evertill audit", "make-believe", "git push"])
    def test_that_nobody_knows_are_noticed(self, command: str) -> None:
        with pytest.raises(LookupError):
            proof_of(command)

    @pytest.mark.parametrize("page", _WITH_COMMANDS, ids=lambda page: page.name)
    def test_do_what_their_page_says(self, page: Page, shop: Shop, place: Path) -> None:
        commands = [_here(command, shop.places) for command in page.commands() if proof_of(command) is None]
        # Every answer is told, so that an address which does not exist is noticed; a curl alone is content with 404.
        head = ["set -euo pipefail", """curl() { command curl -w '%{stderr}ANSWER %{http_code}\\n' "$@"; }"""]

        with shim.door(shop.folder) as evertill:
            # The first page by the program that was installed; the others by one that need not import everything.
            head += [] if page.name in _AS_INSTALLED else [evertill]
            ended = subprocess.run(
                ["/bin/bash", "-c", "\n".join(head + commands)],
                cwd=place,
                env=shop.environment(),
                capture_output=True,
                text=True,
                timeout=900,
            )

        assert ended.returncode == 0, ended.stdout + ended.stderr
        answers = [int(status) for status in re.findall(r"ANSWER (\d+)", ended.stderr)]
        asked = sum("curl " in command for command in commands)
        assert answers == _ANSWERS.get(page.name, [200] * asked), ended.stdout + ended.stderr

    def test_place_the_order_that_make_shop_prints(self, shop: Shop) -> None:
        order = next(command for command in _COMMANDS["README.md"] if command.startswith("curl"))

        assert _here(order, shop.places) in shop.said.read_text(encoding="utf-8")

    def test_are_the_same_in_both_languages(self) -> None:
        assert _COMMANDS["README.md"] == _COMMANDS["README.zh-CN.md"]


class TestMake:
    @pytest.mark.parametrize("command", _proved_by("TestMake"))
    def test_has_the_target_and_its_program_knows_the_options(self, command: str) -> None:
        ended = subprocess.run(
            [*shlex.split(command), "-n", f"VENV={_VENV}"],
            cwd=ROOT,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=300,
        )

        assert ended.returncode == 0, ended.stderr
        for line in ended.stdout.splitlines():
            words = shlex.split(line)
            options = {word for word in words if word.startswith("--")}
            if options and words[1:2] == ["-m"]:
                assert options <= _options_of(*words[:3]), line


@cache
def _options_of(*program: str) -> set[str]:
    ended = subprocess.run([*program, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    return set(re.findall(r"--[\w-]+", ended.stdout))


class TestStarting:
    @pytest.mark.parametrize("command", _proved_by("TestStarting"))
    def test_opens_a_shop_that_closes_by_ctrl_c(
        self, command: str, shop: Shop, place: Path, pg_server: servers.Server
    ) -> None:
        port = free_port()
        data = re.search(r"--data (\S+)", command)
        if command.startswith("evertill up --"):
            # Two begin with nothing, which takes long: this command without any options, and `make shop`.
            folder = place / (data[1] if data else "own")
            folder.mkdir()
            servers.furnish(folder)
        with servers.cloned(pg_server, f"evertill_docs_{os.getpid()}") as url:
            # What is said twice counts the second time: ports are this machine's, and a folder of its own each.
            own = f"--port {port} --metrics-port {port + 1000}" + ("" if data else " --data ./own")
            words = ["bash", "-c", f"exec env {_here(command, {_DATABASE: url})} {own}"]

            with _open(words, cwd=place, env=shop.environment(), said=place / "said"):
                answer = subprocess.run(
                    ["/usr/bin/env", "curl", "-sf", f"http://127.0.0.1:{port}/readyz"],
                    capture_output=True,
                    text=True,
                    timeout=120,
                )

        assert '"ready"' in answer.stdout


class TestStartingSandbox:
    @pytest.mark.parametrize("command", _proved_by("TestStartingSandbox"))
    def test_answers_until_ctrl_c(self, command: str, place: Path) -> None:
        port = free_port()
        words = [str(_VENV / "bin" / "evertill"), *shlex.split(command)[1:], "--port", str(port), "--data", str(place)]
        process = subprocess.Popen(words, cwd=place, env=clean_environment(), stderr=subprocess.DEVNULL)
        try:
            until(lambda: _status(port) == HTTPStatus.UNAUTHORIZED, seconds=_READY_SECONDS)
        finally:
            process.send_signal(signal.SIGINT)

        assert process.wait(timeout=60) in (0, 130)


def _status(port: int) -> int | None:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/v1/faults")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


class TestInstalling:
    @pytest.mark.parametrize("command", _proved_by("TestInstalling"))
    def test_makes_a_package_with_all_that_the_shop_reads(self, command: str, tmp_path: Path) -> None:
        words = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-q"]

        subprocess.run([*words, "-w", str(tmp_path), str(ROOT)], check=True, timeout=600, capture_output=True)

        packed = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
        source = ROOT / "src"
        files = {str(path.relative_to(source)) for path in (source / "evertill").rglob("*") if path.is_file()}
        assert {name for name in files if "__pycache__" not in name} <= packed


class TestPages:
    @pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
    def test_lead_to_what_there_is(self, page: Page) -> None:
        assert page.broken_links() == []

    @pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
    def test_name_files_that_there_are(self, page: Page) -> None:
        assert page.missing_files() == []

    @pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
    def test_name_settings_that_there_are(self, page: Page) -> None:
        # The last is no setting of a shop, but of these tests.
        settings = {variable(item.name) for item in fields(Config)} | {"EVERTILL_TEST_SERVER"}

        assert page.variables() <= settings

    @pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
    def test_name_codes_that_the_source_has(self, page: Page) -> None:
        settings = {variable(item.name) for item in fields(Config)}

        assert page.codes() - settings - _words_of_the_source() == set()

    def test_are_all_in_the_index(self) -> None:
        index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
        listed = {f"docs/{link}" for link in re.findall(r"\]\(([^)#\s]+)\)", index)}

        assert {page.name for page in _PAGES if page.name.startswith("docs/")} - listed == {"docs/README.md"}

    def test_of_decisions_are_a_page_at_most(self) -> None:
        long = {page.name: words for page in _PAGES if "/decisions/" in page.name if (words := _length(page)) > 700}

        assert long == {}


@cache
def _words_of_the_source() -> set[str]:
    files = (*sorted((ROOT / "src").rglob("*.py")), ROOT / "tests" / "server.py", ROOT / "Makefile")
    return {word for path in files for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}


def _length(page: Page) -> int:
    return len(page.text.split())


class TestGeneratedPages:
    @pytest.mark.parametrize("name", sorted(generated()))
    def test_are_as_make_docs_would_write_them(self, name: str) -> None:
        written = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")

        assert written == generated()[name], "Run `make docs` and commit what it changed."

    @pytest.mark.parametrize("setting", [item.name for item in fields(Config)])
    def test_name_every_setting(self, setting: str) -> None:
        page = generated()["settings.md"]

        assert page.count(f"| `{variable(setting)}` |") == 1

    @pytest.mark.parametrize("words", [[], ["up"], ["import", "products"], ["replay"], ["token", "issue"]])
    def test_name_every_option_of_help(self, words: list[str]) -> None:
        ended = subprocess.run(
            [_VENV / "bin" / "evertill", *words, "--help"],
            env=clean_environment() | {"COLUMNS": "200", "TERM": "dumb"},
            capture_output=True,
            text=True,
            check=True,
        )
        options = set(re.findall(r"--[a-z][a-z-]+", ended.stdout)) - {"--help", "--version"}

        assert options <= set(re.findall(r"`(--[a-z-]+)`", generated()["commands.md"]))
