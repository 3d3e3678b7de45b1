"""Runs the examination of a restored shop in a process of its own, which knows that shop only."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Mapping

import msgspec

from evertill.journeys.drill_restore import DrillFailed
from evertill.journeys.examine_shop import Examined

# An audit of millions of orders takes its time.
_LIMIT_S = 3600
_WORDS = 400


def examine_apart(environment: Mapping[str, str], before: dt.datetime) -> Examined:
    """This function will examine the shop that an environment names; raises DrillFailed with its own words."""
    code = "from evertill.entry.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "drill", "examine", "--before", before.isoformat()],
        env=_without_ours() | dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    try:
        return msgspec.json.decode(done.stdout, type=Examined)
    except msgspec.DecodeError:
        said = " / ".join(done.stderr.strip().splitlines()[-3:])[-_WORDS:] or f"exit code {done.returncode}"
        raise DrillFailed(f"The restored shop cannot be worked with: {said}.") from None


def _without_ours() -> dict[str, str]:
    """This process's environment without what leads to the shop that is open."""
    ours = ("EVERTILL_", "DATABASE_URL", "DJANGO_", "PROMETHEUS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
