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
        assert text.count("Measured on 2 × EPYC, 25.3 GB, ext4; PostgreSQL 18.6, Python 3.11.7, at the revision") == 1
        assert (
            "| **2.50 ×** | 20,000/s (shop) | 8,000/s (pgbench) | ≥ 1.5 × | ≥ 3 × | yes | `abc1234567` 2026-11-22 |"
            in text
        )
        assert (
            text.count("| **inf ms** | inf ms | at 10,000/s | ≤ 25 ms | ≤ 10 ms | **no** | `abc1234567` 2026-11-22 |")
            == 1
        )
        assert text.startswith("# Performance\n")
        assert text.endswith(page.PAGE.read_text(encoding="utf-8")[-200:])

    def test_leaves_what_another_run_on_such_a_machine_measured(self, tmp_path: Path) -> None:
        copy = tmp_path / "performance.md"
        copy.write_text(page.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
        page.write(source=_results(tmp_path, plan=FULL), page=copy)
        later = {**_MACHINE, "revision": "def1234567", "measured_at": "2026-11-23T15:00:00+00:00"}
        to = tmp_path / "later.json"
        report.write(findings=[replace(_LOST, value=9.0, measured="9.0 ms")], plan=FULL, machine=later, to=to)

        page.write(source=to, page=copy)

        rows = [line for line in copy.read_text(encoding="utf-8").splitlines() if line.endswith(("-22 |", "-23 |"))]
        assert [row.split(" | ")[1] for row in rows] == ["**2.50 ×**", "**9.0 ms**"]
        assert [row.split(" | ")[-1] for row in rows] == ["`abc1234567` 2026-11-22 |", "`def1234567` 2026-11-23 |"]

    def test_keeps_nothing_of_another_machine(self, tmp_path: Path) -> None:
        copy = tmp_path / "performance.md"
        copy.write_text(page.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
        page.write(source=_results(tmp_path, plan=FULL), page=copy)
        to = tmp_path / "later.json"
        report.write(findings=[_LOST], plan=FULL, machine={**_MACHINE, "cores": 64}, to=to)

        page.write(source=to, page=copy)

        assert "**2.50 ×**" not in copy.read_text(encoding="utf-8")

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
