"""Commands of `evertill`, each in a process of its own, without the second that a new one takes to import everything.

One process a session (`python -m tests.contracts.command`) has imported whatever commands need and has asked for
nothing yet: neither settings nor a database. It forks for each command, whose process begins there. Commands that
begin at the very beginning are run by test_cli.py, test_docs.py and test_up.py.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

_SECONDS = 60
_ROOMS = ("domains", "journeys", "outside")


def run(env: Mapping[str, str], *words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """This function will run a command, as `subprocess.run(["evertill", *words], env=env, …)` would."""
    said = list(map(str, words))
    with tempfile.TemporaryDirectory(prefix="evertill-command-") as name:
        folder = Path(name)
        (folder / "0").write_text(stdin, encoding="utf-8")
        asked = {"words": said, "env": dict(env), "cwd": str(Path.cwd()), "folder": name}
        code = _ask(asked)
        told = [(folder / number).read_text(encoding="utf-8") for number in "12"]
    return subprocess.CompletedProcess(["evertill", *said], code, *told)


@cache
def _nursery() -> subprocess.Popen[str]:
    from evertill.kernel import config
    from tests.server import environment

    process = subprocess.Popen(
        [sys.executable, "-m", "tests.contracts.command"],
        env=os.environ | environment(config.get().database_url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.communicate)
    return process


def _ask(asked: Mapping[str, Any]) -> int:
    process = _nursery()
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(asked) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, "the process that commands come from has ended"
    return int(answer)


def _serve() -> None:
    import django

    django.setup()
    from evertill.entry import cli
    from evertill.kernel import config

    for room in _ROOMS:
        package = importlib.import_module(f"evertill.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name:
                importlib.import_module(found.name)
    for module in cli.COMMANDS.values():
        importlib.import_module(module)
    # What is here stays: whoever collects garbage would copy every page of it.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(asked)
            config.get.cache_clear()
            _finish(cli.main)
        print(_ended(pid), flush=True)


def _finish(main: Callable[[], None]) -> NoReturn:
    """Run it and end the process, without taking apart all that the other one has put together."""
    code: object = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:  # noqa: BLE001 — it is told, as an interpreter tells it.
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _become(asked: Mapping[str, Any]) -> None:
    """Everything by which a process knows what it is to do."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = ["evertill", *asked["words"]]
    folder = Path(asked["folder"])
    for number, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY | os.O_CREAT), (2, os.O_WRONLY | os.O_CREAT)):
        os.dup2(os.open(folder / str(number), mode), number)
    # The one it has may have read ahead.
    sys.stdin = os.fdopen(0, encoding="utf-8")


def _ended(pid: int) -> int:
    """How a command ended. One that does not end is killed, and says so by the number of the signal."""
    import signal

    def kill(*_: object) -> None:
        os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    signal.alarm(_SECONDS)
    _, status = os.waitpid(pid, 0)
    signal.alarm(0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    _serve()
