"""`evertill orders …`: what an operator does about orders."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import DataOption, asker, open_shop, read_file, read_number

if TYPE_CHECKING:
    from evertill.journeys.ask_to_search import Searched
    from evertill.journeys.rebuild_order import Rebuilt
    from evertill.journeys.refund_order import AskedReturn

app = typer.Typer(add_completion=False, no_args_is_help=True)

_PaidOption = Annotated[
    str, typer.Option(help="The line of a provider's bill by which its money came, as a claim shows it.")
]
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
    paid: _PaidOption = "",
    reason: Annotated[str, typer.Option(help="Why, for the books.")],
    data: DataOption = None,
) -> None:
    """Put a lost order back from its receipt: same number, lines and total; held until somebody has looked at it."""
    open_shop(data)
    from evertill.domains import receipts
    from evertill.journeys.rebuild_order import RebuildOrder, rebuild_order
    from evertill.kernel import clock, config
    from evertill.kernel.contacts import InvalidPhone, read_phone
    from evertill.outside.connect import connect

    try:
        number = read_phone(phone, region=config.get().phone_region) if phone else ""
    except InvalidPhone as error:
        raise typer.BadParameter(str(error), param_hint="--phone") from None
    text = read_file(file, bytes_max=receipts.texts.TEXT_BYTES_MAX).decode(errors="replace")
    asked = RebuildOrder(text=text, email=email, phone=number, paid=paid, why=reason)
    connect()
    _tell_rebuilt(rebuild_order(asker=asker(), asked=asked, now=clock.now()))


@app.command()
def find_lost(
    number: Annotated[str, typer.Argument(help="The order's number, or as much of it as is known.")] = "",
    *,
    claim: Annotated[str, typer.Option(help="The claim whose clues are looked for instead.")] = "",
    at: Annotated[
        str,
        typer.Option(
            help="As of when, such as 2026-11-22T12:30:00Z, or latest.", show_default="soon after it was placed"
        ),
    ] = "",
    reason: Annotated[str, typer.Option(help="Why, for the audit trail.")] = "by the operator",
    data: DataOption = None,
) -> None:
    """Search the backups for an order that the shop has lost: restores a copy, looks there, throws it away."""
    from .moving import Moving, give_way
    from .restore import read_moment

    if bool(number) == bool(claim):
        raise typer.BadParameter("Give either an order's number or --claim.", param_hint="NUMBER")
    moment = read_moment(at) if at not in ("", "latest") else None
    give_way()
    open_shop(data)
    from evertill.entry.worker.examine import ask_apart
    from evertill.journeys.search_backups import search_at_once
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    with Moving() as moving:
        searched = search_at_once(
            asker=asker(),
            claim_id=read_number(claim) if claim else None,
            number=number,
            at=clock.now() if at == "latest" else moment,
            why=reason,
            ask=ask_apart,
            clock=clock.now,
            report=moving.report,
        )
    _tell_searched(searched)


@app.command()
def recover(
    search: Annotated[str, typer.Argument(metavar="SEARCH", help="The number of the search that found it.")],
    number: _NumberArgument,
    *,
    paid: _PaidOption = "",
    reason: Annotated[str, typer.Option(help="Why, for the books.")],
    data: DataOption = None,
) -> None:
    """Put a lost order back from the backup in which a search found it; held until somebody has looked at it."""
    open_shop(data)
    from evertill.journeys.recover_order import RecoverOrder, recover_order
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    asked = RecoverOrder(search_id=read_number(search), order_id=read_number(number), paid=paid, why=reason)
    _tell_rebuilt(recover_order(asker=asker(), asked=asked, now=clock.now()))


_ENDED = ("CANCELLED", "EXPIRED")


def _tell_rebuilt(rebuilt: Rebuilt) -> None:
    for line in rebuilt.by_hand:
        typer.echo(f"By hand: {line}", err=True)
    if rebuilt.order.state.value in _ENDED:
        typer.echo(f"Order {rebuilt.number} is there again, {rebuilt.order.state.value}, as it had ended.")
        return
    typer.echo(
        f"Order {rebuilt.number} is there again, {rebuilt.order.state.value}; its goods are kept until"
        f" {rebuilt.order.reserved_until:%Y-%m-%d}."
    )
    typer.echo("  It is held: look at it, and at what the provider's record says of its money. Then")
    typer.echo(f"  evertill orders release {rebuilt.number} --reason …")


def _tell_searched(searched: Searched) -> None:
    search = searched.search
    if search.error:
        typer.echo(f"Search {search.number} failed: {search.error}", err=True)
        raise typer.Exit(1)
    moment = f" as of {search.reached_at:%Y-%m-%d %H:%M:%S} UTC" if search.reached_at else ""
    typer.echo(f"Search {search.number}, in {search.backup}{moment}:")
    for place, lost in enumerate(searched.lost, start=1):
        order = lost.copied.order
        over = ", cannot be put back" if lost.copied.is_over else ""
        typer.echo(
            f"{place}. {lost.finding.name}: {lost.finding.points} points, {order.state.value}{over},"
            f" {order.total} {order.currency}, {order.email or order.phone}"
        )
        for one in lost.finding.evidence:
            typer.echo(f"     {one.clue.value} {one.match.value} {one.points:+d}  {one.kept}")
        for line in lost.copied.by_hand:
            typer.echo(f"     By hand: {line}")
    if not searched.lost:
        typer.echo("  It has nothing that fits and the shop has not.")
        raise typer.Exit(1)
    typer.echo(f"Put one back: evertill orders recover {search.number} NUMBER --reason …")


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
