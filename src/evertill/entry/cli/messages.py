"""`evertill messages`: what customers are to be told, and what could not be."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DataOption, asker, open_shop, plain

app = typer.Typer(add_completion=False)

_LIMIT = 100


@app.callback(invoke_without_command=True)
def messages(context: typer.Context, *, data: DataOption = None) -> None:
    """See what customers were not told yet; by itself, as `list`."""
    if context.invoked_subcommand is None:
        list_(data=data)


@app.command(name="list")
def list_(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = _LIMIT,
    texts: Annotated[bool, typer.Option("--texts", help="Show what they say, too.")] = False,
    data: DataOption = None,
) -> None:
    """List messages that wait or were given up, latest first."""
    open_shop(data)
    from evertill.journeys.send_messages import in_words, is_connected, list_messages
    from evertill.outside.connect import connect

    connect()
    found = list_messages(limit=limit)
    for message in found:
        typer.echo(
            f"{message.key}  {message.kind} to {message.to}: {message.state.value} since"
            f" {message.written_at:%Y-%m-%d %H:%M} UTC, {message.tries} tries. {plain(message.error)}".rstrip()
        )
        if texts:
            typer.echo("    " + plain("\n".join(in_words(message))).replace("\n", "\n    ").rstrip())
    if not found:
        typer.echo("Every message was sent.")
    elif not is_connected():
        typer.echo("There is no mail server, so messages wait. EVERTILL_SMTP_URL sets one up.")


@app.command()
def send(*, data: DataOption = None) -> None:
    """Send what is due now, instead of within seconds."""
    open_shop(data)
    from evertill.journeys.send_messages import Channel, is_connected, send_messages
    from evertill.kernel import clock, config
    from evertill.outside.connect import connect

    connect()
    total = 0
    for channel in Channel:
        handled = config.get().message_batch_max
        while handled == config.get().message_batch_max:
            handled = send_messages(channel=channel, now=clock.now())
            total += handled
    if not is_connected():
        typer.echo("There is no mail server, so messages wait. EVERTILL_SMTP_URL sets one up.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{total} messages were due. `evertill messages` shows what is left.")


@app.command()
def retry(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The message's key, as the list shows it.")],
    *,
    data: DataOption = None,
) -> None:
    """Have a message sent after all that was given up; its alert closes."""
    open_shop(data)
    from evertill.journeys.send_messages import retry_message
    from evertill.kernel import clock

    retry_message(key=key, asker=asker(), now=clock.now())
    typer.echo(f"Message {key} will be sent.")
