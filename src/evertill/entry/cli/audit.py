"""`evertill audit`: whether everything adds up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .common import DataOption, FileUnreadable, open_shop

app = typer.Typer(add_completion=False)
_LINE_CHARS_MAX = (4 << 20) + 2


@app.command()
def audit(
    *,
    receipts: Annotated[
        Path | None,
        typer.Option(help="A file of receipts, one a line, or a folder of such files: name each that is not kept."),
    ] = None,
    log: Annotated[
        list[Path] | None,
        typer.Option(help="A log of the shop: compare the seals that it tells of; may be repeated.", dir_okay=False),
    ] = None,
    data: DataOption = None,
) -> None:
    """Add up the books again from their parts; exit with 1 and print each difference when something is off."""
    open_shop(data)
    lost = _compare_receipts(receipts) if receipts else 0
    from evertill.journeys.anchor_journal import gather_noted
    from evertill.journeys.audit_books import Check, audit_books
    from evertill.outside.connect import connect

    connect()
    noted, unasked = gather_noted(lines=chain.from_iterable(map(_lines_of, log or [])))
    if unasked:
        typer.echo(f"evertill: What was noted at the target of backups is not compared: {unasked}", err=True)
    console = Console()
    with console.status("Taking one moment of the shop …") as status:
        findings = audit_books(tell=lambda check: status.update(f"Checking that {check.value} …"), noted=noted)
    for check in Check:
        wrong = [finding for finding in findings if finding.check is check]
        mark = f"[bold red]✗ {len(wrong)}[/]" if wrong else "[green]✓[/]"
        console.print(f"{mark} {check.value}", highlight=False)
        for finding in wrong:
            console.print(f"    {finding.subject}: {finding.detail}", highlight=False, markup=False, soft_wrap=True)
    if findings or lost:
        console.print(f"[bold red]{len(findings) + lost} differences.[/] Nothing was changed; keep this list.")
        raise typer.Exit(1)
    console.print("[green]The books are sound.[/]")


def _compare_receipts(place: Path) -> int:
    """Print each receipt that is not kept as it says, and return how many."""
    from evertill.journeys.verify_receipt import Standing, check_receipts
    from evertill.kernel import ids

    lost = done = 0
    for checked in check_receipts(texts=_lines_of(place)):
        done += 1
        verified = checked.verified
        if verified is None:
            told = f"receipt {checked.place}: {checked.refusal.detail if checked.refusal else ''}"
        elif verified.standing is Standing.KEPT:
            continue
        elif verified.standing is Standing.LOST:
            told = f"{ids.to_number(verified.receipt.order_id)}: it was acknowledged, and is lost"
        else:
            told = f"{ids.to_number(verified.receipt.order_id)}: {'; '.join(verified.differences)}"
        lost += 1
        typer.echo(f"    {told}")
    typer.echo(f"{'✗' if lost else '✓'} {done - lost} of {done} receipts have their order as they say")
    return lost


def _lines_of(place: Path) -> Iterator[str]:
    files = sorted(path for path in place.iterdir() if path.is_file()) if place.is_dir() else [place]
    for file in files:
        try:
            with file.open(encoding="utf-8", errors="replace") as opened:
                # A line beyond every receipt is cut, and then is none.
                while line := opened.readline(_LINE_CHARS_MAX):
                    if line.strip():
                        yield line
        except OSError as cause:
            raise FileUnreadable(f"{file} cannot be read: {cause.strerror}.") from cause
