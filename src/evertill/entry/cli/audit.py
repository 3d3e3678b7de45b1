"""`evertill audit`: whether everything adds up."""

from __future__ import annotations

import typer
from rich.console import Console

from .common import DataOption, open_shop

app = typer.Typer(add_completion=False)


@app.command()
def audit(*, data: DataOption = None) -> None:
    """Add up the books again from their parts; exit with 1 and print each difference when something is off."""
    open_shop(data)
    from evertill.journeys.audit_books import Check, audit_books

    console = Console()
    with console.status("Taking one moment of the shop …") as status:
        findings = audit_books(tell=lambda check: status.update(f"Checking that {check.value} …"))
    for check in Check:
        wrong = [finding for finding in findings if finding.check is check]
        mark = f"[bold red]✗ {len(wrong)}[/]" if wrong else "[green]✓[/]"
        console.print(f"{mark} {check.value}", highlight=False)
        for finding in wrong:
            console.print(f"    {finding.subject}: {finding.detail}", highlight=False, markup=False, soft_wrap=True)
    if findings:
        console.print(f"[bold red]{len(findings)} differences.[/] Nothing was changed; keep this list.")
        raise typer.Exit(1)
    console.print("[green]The books are sound.[/]")
