"""Runs what looks into a restored shop in a process of its own, which knows that shop only."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from evertill.journeys.drill_restore import DrillFailed
from evertill.journeys.examine_shop import Examined
from evertill.journeys.look_into_copy import Answer, Question
from evertill.journeys.make_beside import RestoredUnsound
from evertill.journeys.search_backups import SearchFailed
from evertill.kernel import embedded
from evertill.kernel.errors import EvertillError

# An audit of millions of orders takes its time.
_LIMIT_S = 3600
_WORDS = 400


def examine_apart(environment: Mapping[str, str], before: dt.datetime) -> Examined:
    """This function will examine the shop that an environment names; raises DrillFailed with its own words."""
    words = ["drill", "examine", "--before", before.isoformat()]
    return msgspec.json.decode(_run(environment, words, given="", failure=DrillFailed), type=Examined)


def ask_apart(environment: Mapping[str, str], question: Question) -> Answer:
    """This function will ask the shop that an environment names; raises SearchFailed with its own words."""
    told = msgspec.json.encode(question).decode()
    return msgspec.json.decode(_run(environment, ["drill", "ask"], given=told, failure=SearchFailed), type=Answer)


def run_within(folder: Path, words: Sequence[str], given: str) -> str:
    """This function will run a command in the shop of a folder, whose database runs, and return what it says.

    Raises RestoredUnsound with its own words.
    """
    environment = {
        "DATABASE_URL": embedded.url(folder),
        "EVERTILL_SECRET": (folder / "secret.key").read_text(encoding="utf-8").strip(),
        "EVERTILL_DATA": str(folder),
    }
    return _run(environment, words, given=given, failure=RestoredUnsound)


def _run(environment: Mapping[str, str], words: Sequence[str], *, given: str, failure: type[EvertillError]) -> str:
    code = "from evertill.entry.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=_without_ours() | dict(environment),
        input=given,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    if done.returncode:
        said = " / ".join(done.stderr.strip().splitlines()[-3:])[-_WORDS:] or f"exit code {done.returncode}"
        raise failure(f"The restored shop cannot be worked with: {said}.")
    return done.stdout


def _without_ours() -> dict[str, str]:
    """This process's environment without what leads to the shop that is open."""
    ours = ("EVERTILL_", "DATABASE_URL", "DJANGO_", "PROMETHEUS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
