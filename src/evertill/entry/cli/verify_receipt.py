"""`evertill verify-receipt FILE`: whether a receipt is genuine, and whether its order is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import DataOption, open_shop, read_file

if TYPE_CHECKING:
    from evertill.domains.receipts import Receipt

app = typer.Typer(add_completion=False)


@app.command("verify-receipt")
def verify_receipt(
    file: Annotated[Path, typer.Argument(help="The receipt; - reads it from the terminal.")],
    *,
    key: Annotated[
        Path | None,
        typer.Option(help="File of the shop's public keys: check offline that the receipt is genuine, and no more."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Check that a receipt is genuine and that the shop keeps its order as it says; exit with 1 if not."""
    from evertill.domains import receipts

    text = read_file(file, bytes_max=receipts.texts.TEXT_BYTES_MAX)
    if key is not None:
        keys = receipts.key_file.read(read_file(key, bytes_max=receipts.key_file.FILE_BYTES_MAX))
        receipt = receipts.texts.read(text)
        receipts.rules.verify(receipt, keys=keys)
        typer.echo("Genuine: the shop with these keys signed it. Whether it keeps the order, only the shop can tell.")
        _tell(receipt)
        return
    open_shop(data)
    _against_the_shop(text)


def _against_the_shop(text: bytes) -> None:
    from evertill.journeys.verify_receipt import Standing, verify_receipt

    verified = verify_receipt(text=text)
    if verified.standing is Standing.KEPT:
        typer.echo("Genuine and kept: the shop has this order, as the receipt says.")
    elif verified.standing is Standing.LOST:
        typer.echo("Genuine, but this shop does not know the order: it was lost.")
        typer.echo("  Keep the receipt, it is the proof. Put the order back with it: evertill orders rebuild FILE")
    else:
        typer.echo("Genuine, but the shop keeps this order with other facts: somebody altered it here.")
        for difference in verified.differences:
            typer.echo(f"  {difference}")
        typer.echo("  The receipt says what was acknowledged. Run `evertill audit`, and keep both.")
    _tell(verified.receipt)
    if verified.standing is not Standing.KEPT:
        raise typer.Exit(1)


def _tell(receipt: Receipt) -> None:
    from evertill.kernel import ids
    from evertill.kernel.money import Money

    typer.echo(f"Order {ids.to_number(receipt.order_id)}, placed {receipt.placed_at:%Y-%m-%d %H:%M:%S} UTC:")
    for line in receipt.lines or ():
        typer.echo(f"  {line.quantity} × {line.sku} at {Money(amount=line.unit_price, currency=receipt.currency)}")
    if receipt.lines is None:
        typer.echo(f"  {receipt.line_count} lines, which this short form does not name")
    typer.echo(f"  total {Money(amount=receipt.total, currency=receipt.currency)}")
