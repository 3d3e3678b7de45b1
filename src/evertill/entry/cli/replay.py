"""`evertill replay`: place a retailer's real invoices as orders and pay them through Sandbox, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evertill.kernel.errors import EvertillError

from .common import DataOption, open_shop, shop_url

if TYPE_CHECKING:
    from evertill.journeys.replay_invoices import Invoice

    from .replay_client import Answered, Shop

app = typer.Typer(add_completion=False)

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
    no_pay: Annotated[bool, typer.Option("--no-pay", help="Place only: for a shop without Sandbox.")] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Customers at a time.")] = 8,
    token: Annotated[
        str | None, typer.Option(help="An API token with the scope orders:price.", show_default="issues itself one")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write every line that was not placed to this CSV file.")] = None,
    data: DataOption = None,
) -> None:
    """Place real invoices as orders at their own prices and pay them. Resumable, and safe to run twice."""
    open_shop(data)
    address = url or shop_url(data)
    from evertill.journeys.authenticate_caller import authenticate_caller
    from evertill.journeys.replay_invoices import prepare_shop, read_books, read_invoices
    from evertill.kernel import clock

    from . import replay_report as tell
    from .replay_client import Shop

    typer.echo(f"Reading {file.name}")
    plan = read_invoices(file)
    invoices = plan.invoices[:limit]
    tell.plan(plan, now=len(invoices) if limit is not None else None)
    secret = token or _issue_token()
    owner = authenticate_caller(secret=secret).key_owner
    answers: list[Answered] = []
    try:
        prepared = prepare_shop(plan, owner=owner, now=clock.now())
        typer.echo(f"  {prepared.skus:,} SKUs on sale, {prepared.products.created:,} products new")
        _sell(invoices, Shop(url=address, token=secret, concurrency=concurrency), pays=not no_pay, answers=answers)
    except KeyboardInterrupt:
        typer.echo(f"Stopped after {len(answers):,} of {len(invoices):,} invoices. Every order that was placed stands.")
        typer.echo("Run the same command again: it goes on, and nothing is placed or paid twice.")
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        if token is None:
            # Without its database the token stays in use; nobody knows its secret, and the next run replaces it.
            with suppress(EvertillError):
                _revoke_token()
    if report is not None:
        tell.write_report(report, plan, answers)
    tell.answers(answers, pays=not no_pay)
    tell.books(read_books(invoices, owner=owner))
    if any(answer.code for answer in answers):
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


def _sell(invoices: Sequence[Invoice], shop: Shop, *, pays: bool, answers: list[Answered]) -> None:
    from .replay_client import replay_sales

    with _bar("Placing and paying" if pays else "Placing orders", total=len(invoices)) as (step, on_wait):

        def on_answer(answer: Answered) -> None:
            answers.append(answer)
            step(bool(answer.code))

        asyncio.run(replay_sales(invoices, shop=shop, pays=pays, on_answer=on_answer, on_wait=on_wait))


@contextmanager
def _bar(title: str, *, total: int) -> Iterator[tuple[Callable[[bool], None], Callable[[str], None]]]:
    """A moving line, with what moves it on by one (and says whether that one failed), and what tells of a wait."""
    bar = Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[waits]}"),
    )
    failed = 0
    with bar:
        task = bar.add_task("", total=total, failed=0, waits="")

        def step(is_failure: bool) -> None:  # noqa: FBT001 — one thing to say.
            nonlocal failed
            failed += is_failure
            bar.update(task, advance=1, failed=failed, waits="")

        yield step, lambda reason: bar.update(task, waits=f"trying again: {reason}")
