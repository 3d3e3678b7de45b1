"""What a replay tells: on the terminal in sums, in a file line by line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import typer

from evertill.journeys.replay_invoices import CURRENCY, Books, Plan, tally_of
from evertill.kernel import money
from evertill.kernel.money import Money

from .replay_client import Answered

_FAILED_SHOWN_MAX = 20


def plan(plan: Plan, *, now: int | None) -> None:
    """This function will tell what a file comes to, and how many of its invoices are placed now if not all."""
    typer.echo(f"  {plan.tally} to place{f', the first {now:,} now' if now is not None else ''}")
    typer.echo(f"  {len(plan.returns):,} lines of {len({item.invoice for item in plan.returns}):,} returns")
    for why, count in Counter(item.why for item in plan.left_out).most_common():
        invoices = len({item.invoice for item in plan.left_out if item.why is why})
        typer.echo(f"  not placed: {count:,} lines of {invoices:,} invoices, because {why}")


def answers(answers: Sequence[Answered], *, pays: bool) -> None:
    """This function will tell what became of the invoices, and of the first that failed why."""
    failed = [answer for answer in answers if answer.code]
    paid = [answer for answer in answers if answer.is_paid]
    typer.echo(f"Placed now:      {tally_of(a.invoice for a in answers if a.is_placed and not a.is_repeat)}")
    typer.echo(f"There already:   {tally_of(a.invoice for a in answers if a.is_placed and a.is_repeat)}")
    if any(not answer.is_placed for answer in failed):
        typer.echo(f"Refused:         {tally_of(a.invoice for a in failed if not a.is_placed)}")
    if not pays:
        typer.echo("Paid:            nothing, because of --no-pay")
    else:
        typer.echo(f"Paid:            {len(paid):,} orders, {pounds(sum(answer.captured for answer in paid))} captured")
        if any(answer.is_placed for answer in failed):
            typer.echo(f"Not paid:        {tally_of(a.invoice for a in failed if a.is_placed)}")
    for answer in failed[:_FAILED_SHOWN_MAX]:
        typer.echo(f"  invoice {answer.invoice.number}: {answer.code}. {answer.detail}", err=True)
    if len(failed) > _FAILED_SHOWN_MAX:
        typer.echo(f"  and {len(failed) - _FAILED_SHOWN_MAX} more; --report FILE writes all of them", err=True)


def books(books: Books) -> None:
    """This function will tell what the database has of all this."""
    typer.echo(f"In the database: {books.placed}")
    typer.echo(
        f"                 {books.paid:,} paid: {pounds(books.captured)} captured, {pounds(books.refunded)} back"
    )


def write_report(path: Path, plan: Plan, answers: Sequence[Answered]) -> None:
    """This function will write every line that was not placed to a CSV file, with the reason."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["line", "invoice", "sku", "why", "detail"])
        for item in plan.left_out:
            table.writerow([item.line, item.invoice, item.sku, item.why, item.detail])
        for answer in answers:
            if answer.code:
                for line in answer.invoice.lines:
                    table.writerow([line.line, answer.invoice.number, line.sku, answer.code, answer.detail])
    typer.echo(f"Every line that was not placed is in {path}.")


def pounds(amount: int) -> str:
    """This function will write minor units as people do."""
    return f"£{money.as_decimal(Money(amount=amount, currency=CURRENCY)):,.2f}"
