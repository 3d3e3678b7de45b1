"""`make bench` from end to end, everything as short as can be: each measurement runs and counts, none is timed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.figures import PROMISES

ROOT = Path(__file__).parents[2]
needs_wrk = pytest.mark.skipif(
    shutil.which("wrk") is None, reason="the load generator wrk is not installed (apt install wrk)"
)
_SOME = ("rush", "rates")


def smoke(results: Path, *words: str) -> dict[str, Any]:
    """Run the measurements, and return their figures by name, in the order of the page."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--smoke", "--results", results, *words],
        cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    figures = {one["name"]: one for one in json.loads(results.read_text(encoding="utf-8"))["figures"]}
    assert figures["rush"]["is_met"], figures["rush"]
    return figures


def counted(figures: dict[str, Any], *names: str) -> list[int]:
    """The orders of each round that went into these figures."""
    return [
        one["counted"]
        for name in names
        for series in figures[name]["raw"]["series"].values()
        for one in series["rounds"]
    ]


@needs_wrk
def test_some_measurements_run_and_count(tmp_path: Path) -> None:
    figures = smoke(tmp_path / "results.json", *(word for name in _SOME for word in ("--only", name)))

    assert len(counted(figures, "steps")) == 3
    assert all(count > 0 for count in counted(figures, "steps"))


@pytest.mark.drill
@needs_wrk
def test_every_measurement_runs_and_counts(tmp_path: Path) -> None:
    figures = smoke(tmp_path / "results.json")

    assert list(figures) == [promise.name for promise in PROMISES]
    assert all(one["value"] is not None for one in figures.values())
    assert len(counted(figures, "steps", "hot", "history")) == 7
    assert all(count > 0 for count in counted(figures, "steps", "hot", "history"))
