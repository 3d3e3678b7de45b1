"""`evertill orders …`: what an operator does about orders."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import DataOption, asker, open_shop, read_file, read_number

if TYPE_CHECKING:
    from evertill.journeys.refund_order import AskedReturn

app = typer.Typer(add_completion=False, no_args_is_help=True)

_NumberArgument = Annotated[str, typer.Argument(help="The order's number.")]


@app.callback()
def orders() -> None:
    """Give orders back, give up those that cannot be delivered, and put back those that were lost."""


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


@app.command()
def rebuild(
    file: Annotated[Path, typer.Argument(help="The order's receipt; - reads it from the terminal.")],
    *,
    email: Annotated[str, typer.Option(help="The address with which it was placed, if it was.")] = "",
    phone: Annotated[str, typer.Option(help="The telephone number with which it was placed, if it was.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the books.")],
    data: DataOption = None,
) -> None:
    """Put a lost order back from its receipt: same number, lines and total; held until somebody has looked at it."""
    open_shop(data)
    from evertill.domains import receipts
    from evertill.journeys.rebuild_order import RebuildOrder, rebuild_order
    from evertill.kernel import clock, config
    from evertill.kernel.contacts import InvalidPhone, read_phone

    try:
        number = read_phone(phone, region=config.get().phone_region) if phone else ""
    except InvalidPhone as error:
        raise typer.BadParameter(str(error), param_hint="--phone") from None
    text = read_file(file, bytes_max=receipts.texts.TEXT_BYTES_MAX).decode(errors="replace")
    asked = RebuildOrder(text=text, email=email, phone=number, why=reason)
    rebuilt = rebuild_order(asker=asker(), asked=asked, now=clock.now())
    typer.echo(
        f"Order {rebuilt.number} is there again, its goods are kept until {rebuilt.order.reserved_until:%Y-%m-%d}."
    )
    typer.echo("  It is held: look at it, and at what the provider's record says of its money. Then")
    typer.echo(f"  evertill orders release {rebuilt.number} --reason …")


@app.command()
def release(
    number: _NumberArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why, for the books: what was looked at.")],
    data: DataOption = None,
) -> None:
    """Release an order that is held because it was put back from its receipt."""
    open_shop(data)
    from evertill.journeys.rebuild_order import release_rebuilt
    from evertill.kernel import clock

    release_rebuilt(order_id=read_number(number), asker=asker(), why=reason, now=clock.now())
    typer.echo("Released: its goods may be handed over once it is paid.")
