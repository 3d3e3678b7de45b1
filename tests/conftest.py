"""What every test stands on: a real PostgreSQL of the session's own, and a database of the worker's own in it."""

from __future__ import annotations

import dataclasses
import gc
import os
import re
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests import lots, turns
from tests import server as servers

if TYPE_CHECKING:
    from tests.sandbox.provider import Provider

Change = Callable[..., None]

_SERVER = pytest.StashKey[servers.Server]()

# What a machine, its owner or whoever begins the tests may have set, and what would have programs and libraries do
# something else: colours, proxies, certificates, servers and keys of others, settings of a shop.
_OTHERS = re.compile(
    r"(AWS|GIT|LC|MYPY|PG|RUFF|SSL|STRIPE|TYPER)_?[A-Z_]+|\w+_(PROXY|CA_BUNDLE)|(CLICOLOR|FORCE_COLOR|NO_COLOR|PY_COLORS)\w*"
    r"|GITHUB_ACTIONS|COLUMNS|LINES|LANGUAGE|NETRC|OPENSSL_CONF|MAKEFLAGS|MFLAGS"
    r"|PYTHON(ASYNCIODEBUG|DEVMODE|INSPECT|IOENCODING|OPTIMIZE|SAFEPATH|TRACEMALLOC|UTF8|VERBOSE|WARNINGS)"
    r"|EVERTILL_(?!DATABASE_URL$|INVOICES$|TEST_SERVER$)\w+",
    re.IGNORECASE,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("evertill")
    group.addoption("--drill", action="store_true", help="run the long form of the exams that have one")
    group.addoption("--seed", type=int, default=None, help="replay the exam that printed this seed")
    group.addoption("--orders", type=int, default=None, help="customers of the exam of payments")
    group.addoption("--pages", default=None, help="folder for a picture of every page")
    group.addoption("--ids", choices=lots.ORDERS, default=None, help="draw identifiers in this order, not by chance")
    group.addoption("--rounds", type=int, default=None, help="rounds of each exam")


# Lots are drawn anew by drills.
_SEED = 20261122


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the session's server, or as a worker find it; then tell Django where it is, before Django is loaded."""
    if config.getoption("help"):
        return
    for name in [name for name in os.environ if _OTHERS.fullmatch(name)]:
        del os.environ[name]
    os.environ["LANG"] = "C.UTF-8"
    if config.getoption("ids"):
        lots.draw_in_order(config.getoption("ids"))
    stack = ExitStack()
    # Closed on every way out, also on Ctrl-C. Being told to end is the same as Ctrl-C.
    config.add_cleanup(stack.close)
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        server = stack.enter_context(servers.session_server())
    else:
        server = servers.Server(**worker["evertill_server"])
    config.stash[_SERVER] = server
    servers.remember(server)
    if worker is None and config.getoption("dist", "no") != "no":
        # This process only hands out tests. It still collects nothing and so needs no database of its own.
        return
    name = f"evertill_test_{os.getpid()}"
    url = stack.enter_context(servers.cloned(server, name))
    with pytest.MonkeyPatch.context() as patch:
        # Only for as long as the settings are read: processes that tests start are to get what the tests give them.
        for variable, value in servers.environment(url).items():
            patch.setenv(variable, value)
        from django.conf import settings  # only now is there something to load.

        # pytest-django sets Django up once its settings have been looked at.
        found = settings.DATABASES["default"]["NAME"]
        # As tests/server.environment has it, of a server that takes long to open another of many connections.
        settings.DATABASES["default"]["OPTIONS"]["connect_timeout"] = 60
    if found != name:
        # Tests empty tables. Settings that were read before ours, or a variable that outranks ours, would let them
        # empty a real shop's.
        raise pytest.UsageError(
            f"The tests would run on the database '{found}', which is not theirs. Nothing was touched. Unset"
            " DJANGO_SETTINGS_MODULE and EVERTILL_DATABASE_URL and try again."
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is marked for drills to `make drill`."""
    if not config.getoption("drill"):
        items[:] = [item for item in items if item.get_closest_marker("drill") is None]
    items.sort(key=lambda item: turns.turn(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> turns.ByFile | None:
    return turns.ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the collector of garbage leave alone what is loaded now, which stays: ten thousand tests among it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["evertill_server"] = node.config.stash[_SERVER].as_facts()


@pytest.fixture(scope="session")
def pg_server(pytestconfig: pytest.Config) -> servers.Server:
    """The session's server, for tests that need its superuser or a database of their own."""
    return pytestconfig.stash[_SERVER]


@pytest.fixture
def shop_env() -> dict[str, str]:
    """The environment by which a process of Evertill's finds the worker's database."""
    from evertill.kernel import config  # its settings are read by now.

    return dict(os.environ) | servers.environment(config.get().database_url)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """Sandbox, running for the tests of one file."""
    from tests.contracts.test_up import free_port
    from tests.sandbox.provider import running

    with running(tmp_path_factory.mktemp("sandbox"), port=free_port()) as started:
        yield started


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    """What an exam draws its lots by: the one that is to be replayed; a new one for drills, else the same each time."""
    given: int | None = pytestconfig.getoption("seed")
    if given is None:
        return secrets.randbelow(10**9) if pytestconfig.getoption("drill") else _SEED
    return given


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Changes settings for one test."""
    from evertill.kernel import config  # its settings are read by now.

    real = config.get()
    return lambda **changed: monkeypatch.setattr(config, "get", lambda: dataclasses.replace(real, **changed))


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The worker's database is made already; pytest-django would otherwise make one of its own.

    With this, the fixture `db` rolls each test back, which is what rules about values want: a journey's transaction
    becomes a savepoint.
    """


@pytest.fixture(scope="session", autouse=True)
def _only_tests_are_kept_off(django_db_blocker: Any) -> None:
    """Between tests the database is forbidden to the thread that runs them, and to no other one.

    A thread of the shop's on which a test has hung up would else be forbidden to end its transaction, and would stay
    in the middle of it: as another role, say, for all tests to come.
    """
    forbidden = django_db_blocker._blocking_wrapper  # noqa: SLF001 — there is no other way in.
    allowed = django_db_blocker._real_ensure_connection  # noqa: SLF001 — as above.

    def forbid(connection: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            forbidden()
        allowed(connection)

    django_db_blocker._blocking_wrapper = forbid  # noqa: SLF001 — as above.
    # It is forbidden already.
    django_db_blocker._dj_db_wrapper.ensure_connection = forbid  # noqa: SLF001 — as above.


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """No test shows what the shop of the one before it had decided, or signs by a key of that one."""
    yield
    from evertill.domains import preferences, receipts

    preferences.forget()
    receipts.forget_signer()


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The worker's database with real commits, for durability and for transactions that meet; emptied afterwards."""
    from tests import at_rest, tables

    with django_db_blocker.unblock():
        try:
            yield
        finally:
            # A test may have hung up on somebody who would go on in the next one.
            at_rest.come_to_rest()
            # A test may have killed this connection or left it in a failed transaction.
            tables.settle()
            tables.empty()
