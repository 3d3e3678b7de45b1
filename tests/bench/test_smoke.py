"""`make bench` from end to end, everything as short as can be: each measurement runs and counts, none is timed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.figures import PROMISES

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("wrk") is None, reason="the load generator wrk is not installed (apt install wrk)")
def test_every_measurement_runs_and_counts(tmp_path: Path) -> None:
    results = tmp_path / "results.json"

    done = subprocess.run(
        [sys.executable, "-m", "bench", "--smoke", "--results", results],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    figures = {one["name"]: one for one in json.loads(results.read_text(encoding="utf-8"))["figures"]}
    assert list(figures) == [promise.name for promise in PROMISES]
    assert all(one["value"] is not None for one in figures.values())
    assert figures["rush"]["is_met"], figures["rush"]
    counted = [
        one["counted"]
        for name in ("steps", "hot", "history")
        for series in figures[name]["raw"]["series"].values()
        for one in series["rounds"]
    ]
    assert len(counted) == 7
    assert all(count > 0 for count in counted)
