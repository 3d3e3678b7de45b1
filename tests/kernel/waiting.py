"""Waiting for what must become true, and looking at processes from outside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]

T = TypeVar("T")


def until(what: Callable[[], T], *, seconds: float = 10.0) -> T:
    """This function will return the first true answer of `what`, or fail the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not true within {seconds} s: {what}"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """This function will say whether `pid` still runs; a zombie that nobody has waited for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int, number: int) -> None:
    """This function will send a signal to a process that the test started."""
    assert pid > 1
    os.kill(pid, number)
