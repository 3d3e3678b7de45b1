"""`evertill replay`: a retailer's real invoices as orders, paid through Sandbox, with their returns; all over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evertill.kernel.errors import EvertillError

from .common import DataOption, asker, open_shop, shop_url

if TYPE_CHECKING:
    from evertill.journeys.replay_invoices import Invoice, Plan
    from evertill.journeys.replay_returns import PlannedRefund

    from .replay_client import Answered, Shop
    from .replay_refunds import Given

app = typer.Typer(add_completion=False)

_INTERRUPTED = 130


@app.command()
def replay(  # noqa: PLR0913 — one for each option.
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
    no_pay: Annotated[
        bool, typer.Option("--no-pay", help="Place only, and give nothing back: for a shop without Sandbox.")
    ] = False,
    restock: Annotated[
        bool, typer.Option("--restock", help="Put returned goods back on sale; without it they are written off.")
    ] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Customers at a time.")] = 8,
    token: Annotated[
        str | None,
        typer.Option(
            help="An API token with the scopes orders:price and orders:refund.", show_default="issues itself one"
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write every line that was not placed, paid or given back to this CSV file, with the reason."
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Place real invoices as orders at their own prices, pay them, and give back what was returned.

    Resumable, and safe to run twice.
    """
    open_shop(data)
    address = url or shop_url(data)
    from evertill.journeys.authenticate_caller import authenticate_caller
    from evertill.journeys.replay_invoices import read_books, read_invoices
    from evertill.journeys.replay_returns import match_returns

    from . import replay_report as tell
    from .replay_client import Shop

    typer.echo(f"Reading {file.name}")
    plan = read_invoices(file)
    returns = match_returns(plan)
    invoices = plan.invoices[:limit]
    tell.plan(plan, returns, now=len(invoices) if limit is not None else None)
    with _token_of(token, pays=not no_pay) as secret:
        owner = authenticate_caller(secret=secret).key_owner
        shop = Shop(url=address, token=secret, concurrency=concurrency)
        answers, given = _run(plan, invoices, returns.refunds, shop, owner=owner, pays=not no_pay, restock=restock)
    left = [*returns.left, *(item for answer in given for item in answer.left())]
    if report is not None:
        tell.write_report(report, plan, answers, left)
    tell.answers(answers, pays=not no_pay)
    tell.returns(plan, given, left)
    tell.books(read_books(invoices, owner=owner))
    if any(answer.code for answer in answers) or any(answer.has_failed for answer in given):
        raise typer.Exit(1)


@contextmanager
def _token_of(given: str | None, *, pays: bool) -> Iterator[str]:
    """Give the token to speak with: the one that was given, or one of its own that is revoked at the end."""
    secret = given or _issue_token(pays=pays)
    try:
        yield secret
    finally:
        if given is None:
            # Without its database the token stays in use; nobody knows its secret, and the next run replaces it.
            with suppress(EvertillError):
                _revoke_token()


def _run(
    plan: Plan,
    invoices: Sequence[Invoice],
    refunds: Sequence[PlannedRefund],
    shop: Shop,
    *,
    owner: str,
    pays: bool,
    restock: bool,
) -> tuple[list[Answered], list[Given]]:
    """Have the goods on sale, sell, and give back; what the shop answered to each."""
    from evertill.journeys.replay_invoices import prepare_shop
    from evertill.journeys.replay_returns import NoRefund
    from evertill.kernel import clock

    from .replay_refunds import Given

    answers: list[Answered] = []
    given: list[Given] = []
    try:
        prepared = prepare_shop(plan, owner=owner, now=clock.now())
        typer.echo(f"  {prepared.skus:,} SKUs on sale, {prepared.products.created:,} products new")
        _sell(invoices, shop, pays=pays, answers=answers)
        if pays:
            _give_back(refunds, shop, restock=restock, answers=answers, given=given)
        else:
            given = [Given(refund=refund, why=NoRefund.NOT_PAID) for refund in refunds]
    except KeyboardInterrupt:
        typer.echo(f"Stopped after {len(answers):,} of {len(invoices):,} invoices. Every order that was placed stands.")
        typer.echo("Run the same command again: it goes on, and nothing is placed, paid or given back twice.")
        raise typer.Exit(_INTERRUPTED) from None
    return answers, given


def _issue_token(*, pays: bool) -> str:
    from evertill.domains.access import Scope
    from evertill.journeys.manage_tokens import issue_token
    from evertill.journeys.replay_invoices import TOKEN_NAME
    from evertill.kernel import clock

    scopes = [Scope.ORDERS_PRICE, Scope.ORDERS_REFUND] if pays else [Scope.ORDERS_PRICE]
    return issue_token(asker=asker(), name=TOKEN_NAME, scopes=scopes, now=clock.now(), replace=True)


def _revoke_token() -> None:
    from evertill.journeys.manage_tokens import revoke_token
    from evertill.journeys.replay_invoices import TOKEN_NAME
    from evertill.kernel import clock

    revoke_token(asker=asker(), name=TOKEN_NAME, now=clock.now())


def _sell(invoices: Sequence[Invoice], shop: Shop, *, pays: bool, answers: list[Answered]) -> None:
    from .replay_client import replay_sales

    with _bar("Placing and paying" if pays else "Placing orders", total=len(invoices)) as (step, on_wait):

        def on_answer(answer: Answered) -> None:
            answers.append(answer)
            step(bool(answer.code))

        asyncio.run(replay_sales(invoices, shop=shop, pays=pays, on_answer=on_answer, on_wait=on_wait))


def _give_back(
    refunds: Sequence[PlannedRefund],
    shop: Shop,
    *,
    restock: bool,
    answers: Sequence[Answered],
    given: list[Given],
) -> None:
    from .replay_refunds import replay_returns

    if not refunds:
        return
    orders = {answer.invoice.number: answer.number for answer in answers if answer.is_paid}
    with _bar("Giving back", total=len(refunds)) as (step, on_wait):

        def on_answer(answer: Given) -> None:
            given.append(answer)
            step(answer.has_failed)

        asyncio.run(
            replay_returns(refunds, shop=shop, orders=orders, restock=restock, on_answer=on_answer, on_wait=on_wait)
        )


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
