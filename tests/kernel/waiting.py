"""Waiting for what must become true, and looking at processes from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

# A user who owns nothing, for what root must show to work for everybody.
ORDINARY = 65534
ROOT = Path(__file__).resolve().parents[2]

# Between one look and the next.
_LOOK_S, _LOOK_S_MAX = 0.01, 0.25

T = TypeVar("T")


def until(what: Callable[[], T | None], *, seconds: float = 90.0) -> T:
    """This function will return the first true answer of `what`, or fail the test after `seconds`.

    What is long in coming is looked for less and less often, since looking takes from what it waits for. A look that
    begins behind the time is the last one: a machine that stood still meanwhile is no reason to fail.
    """
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        answer = what()
        if answer:
            return answer
        assert waited < seconds, f"not true within {seconds} s: {what}"
        time.sleep(min(max(_LOOK_S, waited / 20), _LOOK_S_MAX))


def alive(pid: int) -> bool:
    """This function will say whether `pid` still runs; a zombie that nobody has waited for does not."""
    return _standing(pid) not in ("Z", "X", "")


def stands_still(pid: int) -> bool:
    """This function will say whether `pid` was stopped and has not gone on."""
    return _standing(pid) == "T"


def _standing(pid: int) -> str:
    """The letter of proc(5) for how a process stands; none when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def gone(pid: int) -> bool:
    """This function will say whether `pid` has ended."""
    return not alive(pid)


def kill(pid: int, number: int) -> None:
    """This function will send a signal to a process that the test started."""
    assert pid > 1
    os.kill(pid, number)


@contextmanager
def open_folder() -> Iterator[Path]:
    """This function will give a new folder that every user may pass, and remove it with all that is in it."""
    made = Path(tempfile.mkdtemp(prefix="evertill-test-", dir="/tmp"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made)


def ordinary_python() -> tuple[list[str], dict[str, str]]:
    """This function will return an interpreter that the user ORDINARY can run, and the environment it needs.

    Root's own may stand below a closed /root; then the system's serves, with this one's packages, if both are of one
    version. Skips the test when neither can be used, or when not root.
    """
    if os.geteuid() != 0:
        pytest.skip("already an ordinary user")
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}:{sysconfig.get_path('purelib')}"}
    check = f"import sys, psycopg, evertill; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    for interpreter in (sys.executable, "/usr/bin/python3"):
        try:
            argv = [interpreter, "-c", check]
            if (
                subprocess.run(argv, env=env, cwd="/", user=ORDINARY, stderr=subprocess.DEVNULL, check=False).returncode
                == 0
            ):
                return [interpreter], env
        except OSError:
            continue
    pytest.skip("no interpreter here is open to ordinary users")
