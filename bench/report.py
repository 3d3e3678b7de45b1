"""What was found, as a table for people and a file for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import Bound, Finding
from bench.plan import Plan

RESULTS = Path(__file__).parent / "results" / "latest.json"


def write(*, findings: Sequence[Finding], plan: Plan, machine: dict[str, Any], to: Path = RESULTS) -> None:
    """This function will write everything that is known about this run, whole or not at all."""
    to.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        {"machine": machine, "plan": asdict(plan), "figures": [_as_record(finding) for finding in findings]}, indent=1
    )
    fresh = to.with_suffix(".new")
    fresh.write_text(text + "\n", encoding="utf-8")
    fresh.replace(to)


def _as_record(finding: Finding) -> dict[str, Any]:
    promise = finding.promise
    return {
        "name": promise.name,
        "title": promise.title,
        # JSON knows no infinity, which is what an answer that never came took.
        "value": finding.value if math.isfinite(finding.value) else None,
        "figure": figure_text(finding),
        "measured": finding.measured,
        "floor": finding.floor,
        "must": target_text(promise.bound, promise.must, promise.unit),
        "aim": "–" if promise.aim is None else target_text(promise.bound, promise.aim, promise.unit),
        "is_met": finding.is_met,
        "is_aim_met": finding.reaches(promise.aim),
        "raw": finding.raw,
    }


def figure_text(finding: Finding) -> str:
    """This function will write the figure itself with as many digits as its unit deserves."""
    return f"{_number(finding.value, finding.promise.unit)} {finding.promise.unit}"


def target_text(bound: Bound, value: float, unit: str) -> str:
    """This function will write what a figure must or should be."""
    return f"{bound} {value:,g} {unit}"


def _number(value: float, unit: str) -> str:
    if unit == "×":
        return f"{value:.2f}"
    if unit == "s":
        return f"{value:.1f}"
    if unit == "ms":
        return f"{value:.3f}" if value < 1 else f"{value:.1f}"
    return f"{value:,.0f}"


def table(records: Sequence[dict[str, Any]], *, title: str) -> Table:
    """This function will lay the figures out, one a line, as they stand in the results file."""
    laid = Table(title=title, title_justify="left", show_lines=True)
    for heading in ("figure", "result", "measured", "floor", "must", "aim", "met?"):
        laid.add_column(heading, overflow="fold")
    for one in records:
        met = "[green]yes, and the aim[/]" if one["is_aim_met"] else "[green]yes[/]" if one["is_met"] else "[red]NO[/]"
        laid.add_row(
            one["title"], f"[bold]{one['figure']}[/]", one["measured"], one["floor"], one["must"], one["aim"], met
        )
    return laid


def describe(machine: dict[str, Any]) -> str:
    """This function will name the machine and the server in a few words."""
    return (
        f"{machine['cores']} × {machine['cpu']}, {machine['memory_gb']} GB, {machine['filesystem']};"
        f" PostgreSQL {machine['postgresql']}, Python {machine['python']}"
    )


def show(console: Console, *, source: Path = RESULTS) -> bool:
    """This function will print the table of a results file and say whether all is as it must be."""
    results = json.loads(source.read_text(encoding="utf-8"))
    machine, plan = results["machine"], results["plan"]
    title = f"{plan['mode'].capitalize()} run at {machine['revision']}, medians [least–most] of {plan['rounds']} rounds"
    console.print(table(results["figures"], title=title))
    console.print(f"{machine['measured_at']} on {describe(machine)}; everything in {source}", highlight=False)
    if machine["restarted"]:
        console.print(f"[red]Processes of the shop died and were started again: {', '.join(machine['restarted'])}.[/]")
    if plan["mode"] != "full":
        console.print(f"[yellow]A {plan['mode']} run is too short to be quoted.[/]")
    return all(one["is_met"] for one in results["figures"]) and not machine["restarted"]
