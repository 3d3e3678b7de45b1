"""The page of results says what the results file says, and only a full run may be quoted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench import figures, page, report
from bench.errors import BenchError
from bench.figures import Finding
from bench.plan import FULL, SMOKE, Plan

_MACHINE = {
    "measured_at": "2026-11-22T15:00:00+00:00",
    "revision": "abc1234567",
    "cores": 2,
    "cpu": "EPYC",
    "memory_gb": 25.3,
    "filesystem": "ext4",
    "postgresql": "18.6",
    "python": "3.11.7",
    "restarted": [],
}
_FAST = Finding(promise=figures.STEPS, value=2.5, measured="20,000/s (shop)", floor="8,000/s (pgbench)")
_LOST = Finding(promise=figures.P99, value=float("inf"), measured="inf ms", floor="at 10,000/s")


def _results(folder: Path, *, plan: Plan) -> Path:
    to = folder / "results" / "latest.json"
    report.write(findings=[_FAST, _LOST], plan=plan, machine=_MACHINE, to=to)
    return to


class TestWrite:
    def test_replaces_what_stands_between_the_marks(self, tmp_path: Path) -> None:
        copy = tmp_path / "performance.md"
        copy.write_text(page.PAGE.read_text(encoding="utf-8"), encoding="utf-8")

        page.write(source=_results(tmp_path, plan=FULL), page=copy)
        page.write(source=_results(tmp_path, plan=FULL), page=copy)

        text = copy.read_text(encoding="utf-8")
        assert text.count("revision `abc1234567` on 2 × EPYC, 25.3 GB, ext4; PostgreSQL 18.6, Python 3.11.7.") == 1
        assert "| **2.50 ×** | 20,000/s (shop) | 8,000/s (pgbench) | ≥ 1.5 × | ≥ 3 × | yes |" in text
        assert "| **inf ms** | inf ms | at 10,000/s | ≤ 25 ms | ≤ 10 ms | **no** |" in text
        assert text.startswith("# Performance\n")
        assert text.endswith(page.PAGE.read_text(encoding="utf-8")[-200:])

    def test_refuses_a_short_run(self, tmp_path: Path) -> None:
        with pytest.raises(BenchError):
            page.write(source=_results(tmp_path, plan=SMOKE), page=page.PAGE)


class TestFinding:
    @pytest.mark.parametrize(
        ("value", "is_met", "is_aim_met"), [(1.4, False, False), (1.5, True, False), (3, True, True)]
    )
    def test_holds_a_figure_to_its_bounds(self, value: float, is_met: bool, is_aim_met: bool) -> None:
        finding = replace(_FAST, value=value)

        assert (finding.is_met, finding.reaches(finding.promise.aim)) == (is_met, is_aim_met)
