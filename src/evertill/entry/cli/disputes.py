"""`evertill disputes`: which customers have asked their banks for their money, and what the shop does about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .common import DataOption, asker, open_shop, plain, read_number

if TYPE_CHECKING:
    from evertill.journeys.watch_disputes import Dispute

app = typer.Typer(add_completion=False)

_LIMIT = 100


@app.callback(invoke_without_command=True)
def disputes(context: typer.Context, *, data: DataOption = None) -> None:
    """See which customers have asked their banks for their money; by itself, as `list`."""
    if context.invoked_subcommand is None:
        list_(data=data)


@app.command(name="list")
def list_(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = _LIMIT,
    data: DataOption = None,
) -> None:
    """List open disputes, those whose evidence is due first on top."""
    open_shop(data)
    from evertill.journeys.watch_disputes import list_disputes

    found = list_disputes(limit=limit)
    for dispute in found:
        typer.echo(_line(dispute))
    if not found:
        typer.echo("There are no open disputes.")


@app.command(name="evidence-sent")
def evidence_sent(
    name: Annotated[str, typer.Argument(help="The dispute, as the list names it, such as sandbox:dsp_1.")],
    *,
    note: Annotated[str, typer.Option(help="What was sent, for those who read this later.")],
    data: DataOption = None,
) -> None:
    """Note that the provider was sent what proves the sale. Send it at the provider; this only notes it."""
    if not note.strip():
        raise typer.BadParameter("Say what was sent.", param_hint="--note")
    open_shop(data)
    from evertill.journeys.watch_disputes import note_evidence
    from evertill.kernel import clock

    typer.echo(_line(note_evidence(name=name, note=note.strip(), asker=asker(), now=clock.now())))


@app.command()
def restock(
    name: Annotated[str, typer.Argument(help="The lost dispute, such as sandbox:dsp_1.")],
    *,
    data: DataOption = None,
) -> None:
    """Put the goods of a lost dispute back on sale, if they were not handed over; the order stays held for good."""
    open_shop(data)
    from evertill.journeys.restock_lost import restock_lost
    from evertill.kernel import clock

    pieces = restock_lost(name=name, asker=asker(), now=clock.now())
    typer.echo(f"{pieces} pieces are back on sale.")


@app.command()
def check(
    number: Annotated[str, typer.Argument(help="The payment's number.")],
    *,
    data: DataOption = None,
) -> None:
    """Ask the provider which disputes there are about a payment, and apply what it says; safe to repeat."""
    open_shop(data)
    from evertill.journeys.settle_disputes import settle_disputes
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    found = settle_disputes(intent_id=read_number(number), actor="operator", now=clock.now())
    for dispute in found:
        typer.echo(_line(dispute))
    if not found:
        typer.echo("There is no dispute about this payment.")


def _line(dispute: Dispute) -> str:
    from evertill.kernel import ids

    due = f"evidence due {dispute.evidence_due_at:%Y-%m-%d %H:%M} UTC" if dispute.evidence_due_at else "no day told"
    when = f"ended {dispute.closed_at:%Y-%m-%d %H:%M} UTC" if dispute.closed_at else due
    order, payment = ids.to_number(dispute.order_id), ids.to_number(dispute.intent_id)
    return (
        f"{dispute.name}  {dispute.state.value}  {dispute.amount}  order {order}  payment {payment}"
        f"  {plain(dispute.reason) or 'no reason told'}  {when}"
    )
