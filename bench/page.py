"""Puts the results of a full run into docs/reference/performance.md, between two marks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import report
from bench.errors import BenchError

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "performance.md"
_BEGIN = "<!-- bench: begin; written by `make bench ARGS=--write-page` -->"
_END = "<!-- bench: end -->"


def write(*, source: Path, page: Path = PAGE) -> None:
    """This function will replace what stands between the marks of the page; raises BenchError for no full run."""
    results = json.loads(source.read_text(encoding="utf-8"))
    if results["plan"]["mode"] != "full":
        raise BenchError(f"{source} holds a {results['plan']['mode']} run; only a full one may be quoted.")
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise BenchError(f"{page} has lost the marks between which the results stand.")
    page.write_text(f"{before}{begin}\n{render(results)}\n{end}{after}", encoding="utf-8")


def render(results: dict[str, Any]) -> str:
    """This function will write the results as a Markdown table with the machine they were measured on."""
    machine, plan = results["machine"], results["plan"]
    said = f"Measured {machine['measured_at']} at revision `{machine['revision']}` on {report.describe(machine)}."
    lines = [
        f"{said} Medians [least–most] of {plan['rounds']} rounds of {plan['measure_s']} s.",
        "",
        "| figure | result | measured | floor | must | aim | met? |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in results["figures"]:
        met = "yes, and the aim" if one["is_aim_met"] else "yes" if one["is_met"] else "**no**"
        cells = (one["title"], f"**{one['figure']}**", one["measured"], one["floor"], one["must"], one["aim"], met)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
