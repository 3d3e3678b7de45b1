"""Looks into a restored shop in a process of its own, which knows that shop only."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Mapping

import msgspec

from evertill.journeys.drill_restore import DrillFailed
from evertill.journeys.examine_shop import Examined
from evertill.journeys.look_into_copy import Answer, Question
from evertill.journeys.search_backups import SearchFailed

# An audit of millions of orders takes its time.
_LIMIT_S = 3600
_WORDS = 400


def examine_apart(environment: Mapping[str, str], before: dt.datetime) -> Examined:
    """This function will examine the shop that an environment names; raises DrillFailed with its own words."""
    done = _run(environment, "drill", "examine", "--before", before.isoformat())
    try:
        return msgspec.json.decode(done.stdout, type=Examined)
    except msgspec.DecodeError:
        raise DrillFailed(f"The restored shop cannot be worked with: {_said(done)}.") from None


def ask_apart(environment: Mapping[str, str], question: Question) -> Answer:
    """This function will ask the shop that an environment names; raises SearchFailed with its own words."""
    done = _run(environment, "drill", "ask", told=msgspec.json.encode(question).decode())
    try:
        return msgspec.json.decode(done.stdout, type=Answer)
    except msgspec.DecodeError:
        raise SearchFailed(f"The restored shop cannot be asked: {_said(done)}.") from None


def _run(environment: Mapping[str, str], *words: str, told: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from evertill.entry.cli import main; main()", *words],
        env=_without_ours() | dict(environment),
        input=told,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return " / ".join(done.stderr.strip().splitlines()[-3:])[-_WORDS:] or f"exit code {done.returncode}"


def _without_ours() -> dict[str, str]:
    """This process's environment without what leads to the shop that is open."""
    ours = ("EVERTILL_", "DATABASE_URL", "DJANGO_", "PROMETHEUS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
