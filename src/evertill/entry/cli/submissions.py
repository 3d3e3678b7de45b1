"""`evertill submissions …`: checkouts that failed through a fault of the shop's, finished by hand."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from .common import DataOption, open_shop, operator, plain, read_number

if TYPE_CHECKING:
    from evertill.journeys.finish_submission import Submission

app = typer.Typer(add_completion=False)

_ReferenceArgument = Annotated[
    str, typer.Argument(metavar="REFERENCE", help="What the customer was shown, as the list shows it.")
]


@app.callback(invoke_without_command=True)
def submissions(context: typer.Context, *, data: DataOption = None) -> None:
    """See which checkouts failed through the shop's fault, and finish them; by itself, as `list`."""
    if context.invoked_subcommand is None:
        list_(data=data)


@app.command(name="list")
def list_(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    every: Annotated[bool, typer.Option("--all", help="Those that are finished or closed, too.")] = False,
    data: DataOption = None,
) -> None:
    """List failed checkouts that are open, the one that failed last first."""
    _open(data)
    from evertill.journeys.finish_submission import list_submissions

    found = list_submissions(limit=limit, with_ended=every)
    for one in found:
        typer.echo(_line(one))
    if not found:
        typer.echo("No failed checkout is kept." if every else "No failed checkout is open.")


@app.command()
def show(reference: _ReferenceArgument, *, data: DataOption = None) -> None:
    """Show what a customer wanted who names a reference, or say where else to look."""
    _open(data)
    from evertill.journeys.finish_submission import SubmissionNotFound, view_submission
    from evertill.kernel import ids

    submission_id = read_number(reference)
    try:
        one = view_submission(submission_id=submission_id)
    except SubmissionNotFound:
        number = ids.to_number(submission_id)
        typer.echo(
            f"No failed checkout is kept under {number}.\n"
            f"The reference was given at {ids.minute_of(submission_id):%Y-%m-%d %H:%M} UTC. If the shop was at fault,"
            f' its log has a line of that minute with "reference": "{number}", which says what failed.',
            err=True,
        )
        raise typer.Exit(1) from None
    typer.echo(_line(one))
    failed = one.failed
    for line in failed.lines:
        typer.echo(f"  {line.quantity} × {line.sku}  {line.title}  {_amount(line.unit_price, failed.currency)}")
    typer.echo(f"  total {_amount(failed.total, failed.currency)}, in {failed.language or 'no language that is known'}")
    typer.echo(f"  to be reached at {', '.join(filter(None, (failed.email, failed.phone)))}")
    typer.echo(f"  failed first at {_moment(one.first_failed_at)}; kept until {_moment(failed.remove_at)}")
    typer.echo(f"  the customer agreed to this ({failed.consent_version}): {failed.consent_text}")
    if one.note:
        typer.echo(f"  closed because: {plain(one.note)}")


@app.command()
def finish(
    reference: _ReferenceArgument,
    *,
    at_shown_prices: Annotated[
        bool, typer.Option("--at-shown-prices", help="At the prices that the customer saw, whatever they are now.")
    ] = False,
    keep_hours: Annotated[
        int, typer.Option(min=1, max=24 * 90, help="Hours for which the goods wait for the money.")
    ] = 24,
    data: DataOption = None,
) -> None:
    """Place what a customer wanted, under his own key, so that there is one order at most; he is told."""
    _open(data)
    from evertill.journeys.finish_submission import finish_submission
    from evertill.kernel import clock

    placed = finish_submission(
        submission_id=read_number(reference),
        at_shown_prices=at_shown_prices,
        keep_h=keep_hours,
        actor=operator(),
        now=clock.now(),
    )
    total = _amount(placed.order.total, placed.order.currency)
    if placed.is_repeat:
        typer.echo(f"Order {placed.number} for {total}: the customer had placed it himself.")
    else:
        typer.echo(
            f"Order {placed.number} for {total}: placed; its goods wait until {_moment(placed.order.reserved_until)}."
        )


@app.command()
def close(
    reference: _ReferenceArgument,
    *,
    why: Annotated[str, typer.Option(help="Why nobody will place it.")],
    data: DataOption = None,
) -> None:
    """Close a failed checkout that nobody will place."""
    _open(data)
    from evertill.journeys.finish_submission import close_submission
    from evertill.kernel import clock

    close_submission(submission_id=read_number(reference), why=why, actor=operator(), now=clock.now())
    typer.echo("Closed.")


def _open(data: DataOption) -> None:
    """Connect to the shop, and take note of what failed or was ordered a moment ago."""
    open_shop(data)
    from evertill.journeys.finish_submission import settle_submissions
    from evertill.journeys.keep_submission import load_submissions
    from evertill.kernel import clock

    load_submissions(now=clock.now())
    settle_submissions(now=clock.now())


def _line(one: Submission) -> str:
    from evertill.kernel import ids

    failed = one.failed
    became = f"order {ids.to_number(one.order_id)}" if one.order_id is not None else one.state.value
    reached = failed.email or failed.phone
    total = _amount(failed.total, failed.currency)
    return f"{ids.to_number(failed.id)}  {_moment(failed.failed_at)}  {failed.code}  {total}  {reached}: {became}"


def _amount(amount: int, currency: str) -> str:
    from evertill.kernel.money import Money

    return str(Money(amount=amount, currency=currency))


def _moment(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
