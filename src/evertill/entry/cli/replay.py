"""`evertill replay`: place a retailer's real invoices as orders, over HTTP."""

from __future__ import annotations

import asyncio
import csv
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evertill.kernel.errors import EvertillError

from .common import DataOption, open_shop, shop_url

if TYPE_CHECKING:
    from evertill.journeys.replay_invoices import Invoice, Plan

    from .replay_client import Answered

app = typer.Typer(add_completion=False)

_REFUSED_SHOWN_MAX = 20
_INTERRUPTED = 130


@app.command()
def replay(
    file: Annotated[
        Path, typer.Argument(help="CSV with InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID.")
    ],
    *,
    url: Annotated[
        str | None, typer.Option(help="Where the shop answers.", show_default="where the shop in the data folder does")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=0, help="Place the first so many invoices only.", show_default="all")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Requests under way at a time.")] = 8,
    token: Annotated[
        str | None, typer.Option(help="An API token with the scope orders:price.", show_default="issues itself one")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write every line that was not placed to this CSV file.")] = None,
    data: DataOption = None,
) -> None:
    """Place real invoices as orders at their own prices. Resumable, and safe to run twice."""
    open_shop(data)
    address = url or shop_url(data)
    from evertill.journeys.authenticate_caller import authenticate_caller
    from evertill.journeys.replay_invoices import (
        count_placed,
        prepare_shop,
        read_invoices,
    )
    from evertill.kernel import clock

    typer.echo(f"Reading {file.name}")
    plan = read_invoices(file)
    invoices = plan.invoices[:limit]
    typer.echo(f"  {plan.tally} to place{f', the first {len(invoices):,} now' if limit is not None else ''}")
    _tell_left_out(plan)
    secret = token or _issue_token()
    owner = authenticate_caller(secret=secret).key_owner
    answers: list[Answered] = []
    try:
        prepared = prepare_shop(plan, owner=owner, now=clock.now())
        typer.echo(f"  {prepared.skus:,} SKUs on sale, {prepared.products.created:,} products new")
        _place(invoices, url=address, token=secret, concurrency=concurrency, answers=answers)
    except KeyboardInterrupt:
        typer.echo(f"Stopped after {len(answers):,} of {len(invoices):,} invoices. Every order that was placed stands.")
        typer.echo("Run the same command again: it goes on, and nothing is placed twice.")
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        if token is None:
            # Without its database the token stays in use; nobody knows its secret, and the next run replaces it.
            with suppress(EvertillError):
                _revoke_token()
    refused = [answer for answer in answers if not answer.is_placed]
    if report is not None:
        _write_report(report, plan, refused)
    _tell_answers(answers, refused)
    typer.echo(f"In the database: {count_placed(invoices, owner=owner)}")
    if refused:
        raise typer.Exit(1)


def _issue_token() -> str:
    from evertill.domains.access import Scope
    from evertill.journeys.manage_tokens import issue_token
    from evertill.journeys.replay_invoices import TOKEN_NAME
    from evertill.kernel import clock

    return issue_token(name=TOKEN_NAME, scopes=[Scope.ORDERS_PRICE], now=clock.now(), replace=True)


def _revoke_token() -> None:
    from evertill.journeys.manage_tokens import revoke_token
    from evertill.journeys.replay_invoices import TOKEN_NAME
    from evertill.kernel import clock

    revoke_token(name=TOKEN_NAME, now=clock.now())


def _place(invoices: Sequence[Invoice], *, url: str, token: str, concurrency: int, answers: list[Answered]) -> None:
    from .replay_client import place_invoices

    bar = Progress(
        TextColumn("Placing orders"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[refused]} refused"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[waits]}"),
    )
    with bar:
        task = bar.add_task("", total=len(invoices), refused=0, waits="")

        refused = 0

        def on_answer(answer: Answered) -> None:
            nonlocal refused
            refused += not answer.is_placed
            answers.append(answer)
            bar.update(task, advance=1, refused=refused, waits="")

        def on_wait(reason: str) -> None:
            bar.update(task, waits=f"trying again: {reason}")

        asyncio.run(
            place_invoices(
                invoices, url=url, token=token, concurrency=concurrency, on_answer=on_answer, on_wait=on_wait
            )
        )


def _tell_left_out(plan: Plan) -> None:
    for why, count in Counter(item.why for item in plan.left_out).most_common():
        invoices = len({item.invoice for item in plan.left_out if item.why is why})
        typer.echo(f"  not placed: {count:,} lines of {invoices:,} invoices, because {why}")


def _tell_answers(answers: Sequence[Answered], refused: Sequence[Answered]) -> None:
    from evertill.journeys.replay_invoices import tally_of

    typer.echo(f"Placed now:      {tally_of(a.invoice for a in answers if a.is_placed and not a.is_repeat)}")
    typer.echo(f"There already:   {tally_of(a.invoice for a in answers if a.is_repeat)}")
    if refused:
        typer.echo(f"Refused:         {tally_of(a.invoice for a in refused)}")
    for answer in refused[:_REFUSED_SHOWN_MAX]:
        typer.echo(f"  invoice {answer.invoice.number}: {answer.code}. {answer.detail}", err=True)
    if len(refused) > _REFUSED_SHOWN_MAX:
        typer.echo(f"  and {len(refused) - _REFUSED_SHOWN_MAX} more; --report FILE writes all of them", err=True)


def _write_report(path: Path, plan: Plan, refused: Sequence[Answered]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["line", "invoice", "sku", "why", "detail"])
        for item in plan.left_out:
            table.writerow([item.line, item.invoice, item.sku, item.why, item.detail])
        for answer in refused:
            for line in answer.invoice.lines:
                table.writerow([line.line, answer.invoice.number, line.sku, answer.code, answer.detail])
    typer.echo(f"Every line that was not placed is in {path}.")
