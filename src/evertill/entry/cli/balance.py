"""`evertill balance …`: what an operator does about prepaid balances."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from .common import DataOption, asker, open_shop, read_number

app = typer.Typer(add_completion=False, no_args_is_help=True)

_NumberArgument = Annotated[str, typer.Argument(help="The balance's number.")]


class By(StrEnum):
    """How money for a balance came in."""

    TRANSFER = "transfer"
    CASH = "cash"


@app.command("open")
def open_(
    *,
    currency: Annotated[str, typer.Option(help="Its one currency (ISO 4217, upper case).")],
    data: DataOption = None,
) -> None:
    """Open an empty balance. Its token is shown once; whoever holds it can pay from the balance."""
    open_shop(data)
    from evertill.journeys.keep_balance import open_balance
    from evertill.kernel import clock

    opened = open_balance(currency=currency, asker=asker(), now=clock.now())
    typer.echo(f"Balance {opened.balance.number} in {opened.balance.currency}")
    typer.echo(f"Token   {opened.token}")


@app.command()
def top_up(
    number: _NumberArgument,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="What came in, in major units: 20.00")],
    *,
    currency: Annotated[str, typer.Option(help="In which currency; the balance's own.")],
    reference: Annotated[str, typer.Option(help="What names this money, such as the bank's reference. Counts once.")],
    by: Annotated[By, typer.Option(help="How it came in.")] = By.TRANSFER,
    data: DataOption = None,
) -> None:
    """Put money that came in by bank transfer or as cash on a balance. The same reference counts once."""
    open_shop(data)
    from evertill.journeys.keep_balance import top_up_balance
    from evertill.kernel import clock, money

    amount_in = money.parse(amount, currency=currency)
    is_new = top_up_balance(
        balance_id=read_number(number),
        amount=amount_in,
        by=by.value,
        reference=reference,
        asker=asker(),
        now=clock.now(),
    )
    typer.echo(f"{amount_in} {'are' if is_new else 'were already'} on balance {number}.")


@app.command()
def show(
    number: _NumberArgument,
    *,
    entries: Annotated[int, typer.Option(min=0, max=1000, help="How many of its newest entries.")] = 10,
    data: DataOption = None,
) -> None:
    """Show what is on a balance, and its newest entries."""
    open_shop(data)
    from evertill.journeys.keep_balance import view_balance

    statement = view_balance(balance_id=read_number(number), limit=entries)
    blocked = ", blocked" if statement.balance.is_blocked else ""
    typer.echo(f"{statement.left}{blocked}")
    for at, kind, reference, amount in statement.entries:
        typer.echo(f"{at:%Y-%m-%d %H:%M}  {amount!s:>16}  {kind}  {reference}")


@app.command()
def block(number: _NumberArgument, *, data: DataOption = None) -> None:
    """End paying from a balance, as when its token was stolen. What is on it stays, and refunds still arrive."""
    open_shop(data)
    from evertill.journeys.keep_balance import block_balance
    from evertill.kernel import clock

    changed = block_balance(balance_id=read_number(number), asker=asker(), now=clock.now())
    typer.echo(f"Balance {number} {'is' if changed else 'was already'} blocked.")


@app.command()
def unblock(number: _NumberArgument, *, data: DataOption = None) -> None:
    """Let a blocked balance pay again."""
    open_shop(data)
    from evertill.journeys.keep_balance import unblock_balance
    from evertill.kernel import clock

    changed = unblock_balance(balance_id=read_number(number), asker=asker(), now=clock.now())
    typer.echo(f"Balance {number} {'pays again' if changed else 'was not blocked'}.")
