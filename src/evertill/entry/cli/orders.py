"""`evertill orders …`: what an operator does about orders."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from .common import DataOption, asker, open_shop, read_number

if TYPE_CHECKING:
    from evertill.journeys.refund_order import AskedReturn

app = typer.Typer(add_completion=False, no_args_is_help=True)

_NumberArgument = Annotated[str, typer.Argument(help="The order's number.")]


@app.callback()
def orders() -> None:
    """Give orders back, and give up those that cannot be delivered."""


@app.command()
def refund(
    number: _NumberArgument,
    *,
    line: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SKU=PIECES",
            help="Pieces to give back, for what was paid for them; may be repeated. SKU=PIECES@PRICE where lines of one"
            " SKU differ in price.",
        ),
    ] = None,
    amount: Annotated[int | None, typer.Option(min=1, help="Minor units (pence, fen) to give back instead.")] = None,
    restock: Annotated[bool, typer.Option("--restock", help="Put the goods back on sale.")] = False,
    reason: Annotated[str, typer.Option(help="Why, for the books.")] = "by the shop",
    key: Annotated[
        str, typer.Option(help="Any text: running the same again with it counts once.", show_default="a new one")
    ] = "",
    data: DataOption = None,
) -> None:
    """Give back lines of an order, an amount, or with neither all that is left; never more than was paid."""
    open_shop(data)
    from evertill.journeys.refund_as_staff import RefundOrder, refund_as_staff
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    asked = RefundOrder(
        order_id=read_number(number),
        lines=[_line(text) for text in line or ()],
        amount=amount,
        reason=reason,
        restock=restock,
        caller="operator",
        key=key.encode() or secrets.token_bytes(16),
    )
    made = refund_as_staff(asker=asker(), asked=asked, now=clock.now()).refund
    typer.echo(f"Refund {made.number} of {made.amount}: {made.state.value}")


@app.command()
def undeliverable(
    number: _NumberArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why, for the books; the customer is told that it cannot be delivered.")],
    restock: Annotated[bool, typer.Option("--restock", help="Put the goods back on sale.")] = False,
    data: DataOption = None,
) -> None:
    """Give up delivering a paid order: all that is left of what was paid goes back, and the customer is told."""
    open_shop(data)
    from evertill.journeys.give_up_delivery import give_up_delivery
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    made = give_up_delivery(
        order_id=read_number(number), reason=reason, restock=restock, asker=asker(), now=clock.now()
    )
    typer.echo(f"Refund {made.number} of {made.amount}: {made.state.value}")


@app.command()
def refund_again(
    number: Annotated[str, typer.Argument(help="The number of the refund that was refused; its alert tells it.")],
    *,
    data: DataOption = None,
) -> None:
    """Ask a provider anew for a refund that it refused, after setting right why; its alert closes."""
    open_shop(data)
    from evertill.journeys.refund_again import refund_again
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    made = refund_again(refund_id=read_number(number), asker=asker(), now=clock.now())
    typer.echo(f"Refund {made.number} of {made.amount}: {made.state.value}")


def _line(text: str) -> AskedReturn:
    from evertill.journeys.refund_order import AskedReturn

    sku, _, wanted = text.rpartition("=")
    pieces, _, price = wanted.partition("@")
    if not sku or not pieces.isdecimal() or not (price.isdecimal() or "@" not in wanted):
        raise typer.BadParameter(f"'{text}' is not SKU=PIECES or SKU=PIECES@PRICE.", param_hint="--line")
    return AskedReturn(sku=sku, quantity=int(pieces), unit_price=int(price) if price else None)
