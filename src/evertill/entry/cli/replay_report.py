"""What a replay tells: on the terminal in sums, in a file line by line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import typer

from evertill.journeys.replay_invoices import CURRENCY, Books, Plan, pounds, tally_of
from evertill.journeys.replay_returns import Left, NoRefund, Part, PartsTally, Returns, tally_of_parts
from evertill.kernel import money
from evertill.kernel.money import Money

from .replay_client import Answered
from .replay_refunds import Given

_FAILED_SHOWN_MAX = 20


def plan(plan: Plan, returns: Returns, *, now: int | None) -> None:
    """This function will tell what a file comes to, and how many of its invoices are placed now if not all."""
    typer.echo(f"  {plan.tally} to place{f', the first {now:,} now' if now is not None else ''}")
    came_back = len({item.invoice for item in plan.returns})
    typer.echo(f"  {_all_returned(plan)} returned by {came_back:,} invoices")
    typer.echo(f"  {tally_of_parts(_parts_of(returns))} of that to give back in {len(returns.refunds):,} refunds")
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
    if pays:
        typer.echo(f"Paid:            {len(paid):,} orders, {pounds(sum(answer.captured for answer in paid))} captured")
    else:
        typer.echo("Paid:            nothing, because of --no-pay")
    if any(answer.is_placed for answer in failed):
        typer.echo(f"Not paid:        {tally_of(a.invoice for a in failed if a.is_placed)}")
    for answer in failed[:_FAILED_SHOWN_MAX]:
        typer.echo(f"  invoice {answer.invoice.number}: {answer.code}. {answer.detail}", err=True)
    if len(failed) > _FAILED_SHOWN_MAX:
        typer.echo(f"  and {len(failed) - _FAILED_SHOWN_MAX} more; --report FILE writes all of them", err=True)


def returns(plan: Plan, given: Sequence[Given], left: Sequence[Left]) -> None:
    """This function will tell what was given back, and by reason what was not; both add up to all that was returned."""
    made = [answer.refund for answer in given if answer.why is None]
    parts = [part for refund in made for part in refund.parts]
    sales, invoices = {refund.sold_by for refund in made}, {refund.invoice for refund in made}
    repeated = sum(answer.is_repeat for answer in given if answer.why is None)
    typer.echo(
        f"Given back:      {tally_of_parts(parts)}, in {len(made):,} refunds of"
        f" {len(sales):,} orders for {len(invoices):,} returns"
        f"{f', {repeated:,} of them earlier' if repeated else ''}"
    )
    in_part = {part.returned.line for part in parts} & {item.part.returned.line for item in left}
    typer.echo(
        f"Not given back:  {tally_of_parts(item.part for item in left)}"
        f"{f', {len(in_part):,} of them given back in part' if in_part else ''}"
    )
    for why in NoRefund:
        parts = [item.part for item in left if item.why is why]
        if parts:
            typer.echo(f"  {tally_of_parts(parts)}: {why}")
    for detail, count in Counter(item.detail for item in left if item.detail).most_common(_FAILED_SHOWN_MAX):
        typer.echo(f"  {count:,} lines: {detail}", err=True)
    sold, back = plan.tally.amount, _all_returned(plan).amount
    typer.echo(f"The whole file:  {pounds(sold)} sold − {pounds(back)} returned = {pounds(sold - back)}")


def books(books: Books) -> None:
    """This function will tell what the database has of all this."""
    typer.echo(f"In the database: {books.placed}")
    typer.echo(
        f"                 {books.paid:,} paid: {pounds(books.captured)} captured − {pounds(books.refunded)} given back"
        f" = {pounds(books.captured - books.refunded)}"
    )


def write_report(path: Path, plan: Plan, answers: Sequence[Answered], left: Sequence[Left]) -> None:
    """This function will write every line that came to nothing to a CSV file, with the reason."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["line", "invoice", "sku", "pieces", "value", "why", "detail"])
        for item in plan.left_out:
            table.writerow([item.line, item.invoice, item.sku, "", "", item.why, item.detail])
        for answer in answers:
            if answer.code:
                for line in answer.invoice.lines:
                    value = _decimal(line.quantity * line.unit_price)
                    row = [line.line, answer.invoice.number, line.sku, line.quantity, value, answer.code, answer.detail]
                    table.writerow(row)
        for back in left:
            source, value = back.part.returned, _decimal(-back.part.amount)
            row = [source.line, source.invoice, source.sku, -back.part.quantity, value, back.why, back.detail]
            table.writerow(row)
    typer.echo(f"Every line that was not placed, paid or given back is in {path}.")


def _all_returned(plan: Plan) -> PartsTally:
    return tally_of_parts(Part(returned=item, quantity=item.quantity) for item in plan.returns)


def _parts_of(returns: Returns) -> list[Part]:
    return [part for refund in returns.refunds for part in refund.parts]


def _decimal(amount: int) -> str:
    return str(money.as_decimal(Money(amount=amount, currency=CURRENCY)))
