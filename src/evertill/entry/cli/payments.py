"""`evertill payments …`: what an operator does about payments."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from .common import DataOption, asker, open_shop, plain, read_number

if TYPE_CHECKING:
    from evertill.kernel.money import Money

app = typer.Typer(add_completion=False, no_args_is_help=True)

_ACTOR_CHARS_MAX = 40


def _check_actor(name: str) -> str:
    if len(name) > _ACTOR_CHARS_MAX:
        raise typer.BadParameter(f"A name has {_ACTOR_CHARS_MAX} signs at most.")
    return name


_ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        callback=_check_actor,
        help="Who says so, where several share the account of this machine.",
        show_default="that account",
    ),
]


@app.callback()
def payments() -> None:
    """Follow payments, and confirm by hand what no provider tells. Giving back is `evertill orders refund`."""


@app.command()
def replay(
    *,
    hours: Annotated[int, typer.Option(min=1, max=24 * 366, help="How far back to begin, in hours.")] = 24,
    data: DataOption = None,
) -> None:
    """Handle every stored webhook again; what was applied already changes nothing."""
    open_shop(data)
    from evertill.journeys.follow_payments import replay_events
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    now = clock.now()
    count = replay_events(since=now - dt.timedelta(hours=hours), now=now)
    typer.echo(f"{count} webhooks were handled again.")


@app.command()
def settle(
    number: Annotated[str, typer.Argument(help="The payment's number.")],
    *,
    data: DataOption = None,
) -> None:
    """Ask the provider how a payment stands, and apply the answer once, as a webhook would have it done."""
    open_shop(data)
    from evertill.journeys.settle_payment import settle_payment
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    intent = settle_payment(intent_id=read_number(number), actor="operator", now=clock.now())
    ending = f", {intent.ending.value}" if intent.ending else ""
    typer.echo(f"Payment {intent.number} is {intent.state.value}{ending}.")


@app.command()
def confirm(
    number: Annotated[str, typer.Argument(help="The payment's number, which the customer named.")],
    *,
    amount: Annotated[
        str, typer.Option(help="What came, as the bank's statement writes it, with all decimals: 12.50.")
    ],
    currency: Annotated[str, typer.Option(help="Of which currency: GBP.")],
    reference: Annotated[str, typer.Option(help="The bank's reference, or the receipt's number; it counts once.")],
    by: _ByOption = "",
    data: DataOption = None,
) -> None:
    """Confirm that the money of a bank transfer, or cash, has come. What it means is decided as for any payment."""
    open_shop(data)
    from evertill.journeys.confirm_payment import ConfirmPayment, confirm_payment
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    money = read_money(amount, currency)
    asked = ConfirmPayment(intent_id=read_number(number), money=money, reference=reference)
    intent = confirm_payment(asked=asked, asker=asker(by=by), now=clock.now())
    typer.echo(f"Payment {intent.number} of {intent.captured}: {intent.ending.value if intent.ending else ''}")
    if intent.refunded:
        typer.echo("Money has to go back; `evertill payments waiting` tells how much.")


@app.command()
def waiting(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Show so many of each at most, the oldest.")] = 100,
    data: DataOption = None,
) -> None:
    """List what waits for staff: transfers and cash to be confirmed, refunds to be sent."""
    open_shop(data)
    from evertill.journeys.list_waiting import list_waiting
    from evertill.kernel.money import Money
    from evertill.outside.connect import connect

    connect()
    awaited, owed = list_waiting(limit=limit)
    typer.echo(_heading(len(awaited), limit, one="payment to be confirmed", many="payments to be confirmed"))
    for item in awaited:
        intent, order = item.intent, item.order
        typer.echo(
            f"  {intent.number}  {intent.expected}  {intent.provider}.{intent.way}  since {intent.created_at:%Y-%m-%d}"
            f"  order {order.state.value}, goods kept until {order.reserved_until:%Y-%m-%d}"
        )
    typer.echo(_heading(len(owed), limit, one="refund to be sent", many="refunds to be sent"))
    for due in owed:
        captured = due.intent.captured
        amount = Money(amount=due.refund.amount, currency=captured.currency if captured else "")
        typer.echo(
            f"  {due.refund.number}  {amount}  of payment {due.intent.number},"
            f" which came as '{due.intent.provider_id}': {plain(due.refund.reason)}"
        )


@app.command()
def refunded(
    number: Annotated[str, typer.Argument(help="The refund's number.")],
    *,
    reference: Annotated[str, typer.Option(help="The bank's reference, or the receipt's number.")],
    by: _ByOption = "",
    data: DataOption = None,
) -> None:
    """Confirm that a refund was sent by hand."""
    open_shop(data)
    from evertill.journeys.confirm_refund import confirm_refund
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    refund = confirm_refund(refund_id=read_number(number), reference=reference, asker=asker(by=by), now=clock.now())
    typer.echo(f"Refund {refund.number} of {refund.amount}: {refund.state.value}")


def read_money(amount: str, currency: str) -> Money:
    """This function will read an amount in major units; raises BadParameter unless it has all its decimals."""
    from evertill.kernel.money import as_decimal, parse

    money = parse(amount, currency=currency)
    exact = str(as_decimal(money))
    if amount != exact:
        # 1250 could be pence or pounds; who writes 1250.00 has looked.
        raise typer.BadParameter(f"Write the amount with all its decimals, as {exact}.")
    return money


def _heading(count: int, limit: int, *, one: str, many: str) -> str:
    more = " or more" if count == limit else ""
    return f"{count}{more} {one if count == 1 else many}"
