"""Puts the results of runs in full length into docs/reference/performance.md, between two marks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import report
from bench.errors import BenchError

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "performance.md"
_BEGIN = "<!-- bench: begin; written by `make bench ARGS=--write-page` -->"
_END = "<!-- bench: end -->"


_HEAD = ("| figure | result | measured | floor | must | aim | met? | at |", "|---|---|---|---|---|---|---|---|")


def write(*, source: Path, page: Path = PAGE) -> None:
    """This function will put the results between the marks of the page; raises BenchError for no full run.

    Figures that the run did not measure stay as they are, each with its own revision and day, as long as they were
    measured on such a machine and in such rounds; otherwise the run's own are all that is left.
    """
    results = json.loads(source.read_text(encoding="utf-8"))
    if results["plan"]["mode"] != "full":
        raise BenchError(f"{source} holds a {results['plan']['mode']} run; only a full one may be quoted.")
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    standing, end, after = rest.partition(_END)
    if not begin or not end:
        raise BenchError(f"{page} has lost the marks between which the results stand.")
    said = _describe(results)
    rows = _rows_of(standing) if said in standing else {}
    rows.update(_rows(results))
    table = "\n".join((said, "", *_HEAD, *rows.values()))
    page.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")


def _describe(results: dict[str, Any]) -> str:
    machine, plan = results["machine"], results["plan"]
    return (
        f"Measured on {report.describe(machine)}, at the revision and on the day in the last column. Medians"
        f" [least–most] of {plan['rounds']} rounds of {plan['measure_s']} s, unless said otherwise below."
    )


def _rows(results: dict[str, Any]) -> dict[str, str]:
    """Rows of the table by the titles of their figures."""
    at = f"`{results['machine']['revision']}` {results['machine']['measured_at'][:10]}"
    rows = {}
    for one in results["figures"]:
        met = "yes, and the aim" if one["is_aim_met"] else "yes" if one["is_met"] else "**no**"
        cells = (one["title"], f"**{one['figure']}**", one["measured"], one["floor"], one["must"], one["aim"], met, at)
        rows[one["title"]] = f"| {' | '.join(cells)} |"
    return rows


def _rows_of(standing: str) -> dict[str, str]:
    lines = [line for line in standing.splitlines() if line.startswith("| ") and line not in _HEAD]
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines}
