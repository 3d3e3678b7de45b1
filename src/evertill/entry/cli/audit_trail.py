"""`evertill audit-trail …`: who did what; and whether anybody has bent the record of it."""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from .common import DataOption, asker, open_shop, operator, plain

if TYPE_CHECKING:
    from evertill.journeys.read_trail import Record, Search
    from evertill.journeys.verify_trail import Line, Verified

app = typer.Typer(no_args_is_help=True, add_completion=False)

_LIMIT = 50
_LINE_BYTES_MAX = 1 << 20

ActorOption = Annotated[str, typer.Option(help="Who: STAFF:17, CUSTOMER:99, OPERATOR:root, TOKEN:3, or a kind alone.")]
OperationOption = Annotated[str, typer.Option(help="What: access.grant_role, or `access.` for a whole room.")]
SubjectOption = Annotated[str, typer.Option(help="On what: account:17, order:0F3K-8ZQM-2RTVC, or a kind alone.")]
OutcomeOption = Annotated[str, typer.Option(help="DONE or REFUSED.")]
SinceOption = Annotated[str, typer.Option(help="From this moment on, UTC: 2026-11-22 or 2026-11-22T13:00.")]
UntilOption = Annotated[str, typer.Option(help="Before this moment, UTC.")]


@app.callback()
def audit_trail() -> None:
    """See who did what, and verify that nobody has changed the record of it."""


@app.command()
def verify(
    *,
    anchor: Annotated[
        list[Path] | None,
        typer.Option(help="A file with lines of `head`, or a log of the shop; may be repeated.", dir_okay=False),
    ] = None,
    secret: Annotated[
        list[Path] | None, typer.Option(help="File of a secret that the shop had before; may be repeated.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Look through the whole trail; exit with 1 and print what is wrong when anything was changed, added or removed."""
    open_shop(data)
    from evertill.journeys.verify_trail import verify_trail
    from evertill.kernel import settings

    secrets = [settings.read_secret(str(path), path.read_text(encoding="utf-8")) for path in secret or []]
    console = Console()
    with console.status("Looking through the whole trail …"):
        found = verify_trail(lines=_lines(anchor or []), other_secrets=secrets)
    for line in _told(found):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    for finding in found.findings:
        place = f"{finding.chain}-{finding.seq}" if finding.chain else "the tables"
        detail = f" ({finding.detail})" if finding.detail else ""
        console.print(f"✗ {place}: {finding.fault.value}{detail}", highlight=False, markup=False, soft_wrap=True)
    if found.findings:
        console.print(f"{len(found.findings)} findings. Nothing was changed; keep this list.", style="bold red")
        raise typer.Exit(1)
    console.print("Every record is as it was written.", style="green")


def _told(found: Verified) -> Iterator[str]:
    yield f"{found.records} records in {found.chains} chains, {found.anchors} places compared with what was noted"
    if found.anchored_at is None:
        yield "Nothing was noted here yet: whether the newest records were cut off cannot be told."
    else:
        yield f"Noted here last: {found.anchored_at:%Y-%m-%d %H:%M:%S} UTC; what is newer could be cut off unseen."
    if found.is_bendable:
        yield "The shop's database role owns these tables and could switch their guards off (docs/operate/database.md)."
    for accepted in found.breaks:
        yield f"Cut accepted {accepted.at:%Y-%m-%d %H:%M} UTC by {accepted.who}: {plain(accepted.why)}"
    if found.lost:
        yield f"{found.lost} of the places that were noted before that are gone with it."


@app.command()
def show(
    *,
    actor: ActorOption = "",
    operation: OperationOption = "",
    subject: SubjectOption = "",
    outcome: OutcomeOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = _LIMIT,
    data: DataOption = None,
) -> None:
    """Show records, newest first."""
    asked = _asked(data, actor, operation, subject, outcome, since, until)
    from evertill.journeys.read_trail import read_trail
    from evertill.kernel import clock

    found = read_trail(asker=asker(), search=asked, limit=limit, now=clock.now())
    for record in found:
        for line in _shown(record):
            typer.echo(line)
    if not found:
        typer.echo("There are no such records.")


@app.command()
def export(  # noqa: PLR0913 — an option each.
    *,
    why: Annotated[str, typer.Option(help="What for; it is recorded.")],
    actor: ActorOption = "",
    operation: OperationOption = "",
    subject: SubjectOption = "",
    outcome: OutcomeOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV instead of a JSON document for each record.")] = False,
    data: DataOption = None,
) -> None:
    """Write records to standard output, oldest first, a JSON document a line. That this was done is recorded."""
    if not why.strip():
        raise typer.BadParameter("Say what for.", param_hint="--why")
    asked = _asked(data, actor, operation, subject, outcome, since, until)
    import msgspec

    from evertill.journeys.read_trail import Record, export_trail
    from evertill.kernel import clock
    from evertill.kernel.sheets import guard

    records = export_trail(asker=asker(), search=asked, why=why.strip(), now=clock.now())
    if not as_csv:
        for record in records:
            typer.echo(msgspec.json.encode(_plain(record)).decode())
        return
    table = csv.DictWriter(sys.stdout, fieldnames=Record.__struct_fields__)
    table.writeheader()
    for record in records:
        # Staff have typed some of it, and spreadsheets run what looks like a formula.
        table.writerow({name: guard(cell) if isinstance(cell, str) else cell for name, cell in _plain(record).items()})


@app.command()
def head(*, data: DataOption = None) -> None:
    """Print where the trail stands now, in one line, to be kept where nobody here can change it."""
    open_shop(data)
    import msgspec

    from evertill.journeys.anchor_trail import current_anchor
    from evertill.kernel import clock

    typer.echo(msgspec.json.encode(current_anchor(now=clock.now())).decode())


@app.command(name="accept-cut")
def accept_cut(
    *,
    why: Annotated[str, typer.Option(help="Why records are gone, such as: restored from the backup of 3 March.")],
    data: DataOption = None,
) -> None:
    """Accept that records are gone because the database was restored. It is recorded, and told by every `verify`."""
    if not why.strip():
        raise typer.BadParameter("Say why.", param_hint="--why")
    open_shop(data)
    from evertill.journeys import anchor_trail
    from evertill.kernel import clock

    accepted = anchor_trail.accept_cut(why=why.strip(), actor=operator(), now=clock.now())
    for chain, seq, _ in accepted.lost:
        typer.echo(f"Accepted: {chain}-{seq} was noted, and is gone.")


def _asked(data: Path | None, actor: str, operation: str, subject: str, outcome: str, since: str, until: str) -> Search:
    begin, end = _moment(since, "--since"), _moment(until, "--until")
    open_shop(data)
    from evertill.domains.trail import ActorKind, Outcome
    from evertill.journeys.read_trail import Search

    actor_kind, _, actor_id = actor.partition(":")
    subject_kind, _, subject_id = subject.partition(":")
    if actor_kind and actor_kind not in set(ActorKind):
        raise typer.BadParameter(f"'{actor_kind}' is none of {', '.join(ActorKind)}.", param_hint="--actor")
    if outcome and outcome not in set(Outcome):
        raise typer.BadParameter(f"'{outcome}' is none of {', '.join(Outcome)}.", param_hint="--outcome")
    return Search(
        actor_kind=actor_kind,
        actor_id=actor_id,
        operation=operation,
        subject_kind=subject_kind,
        subject_id=subject_id,
        outcome=outcome,
        since=begin,
        until=end,
    )


def _moment(text: str, option: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no moment like 2026-11-22T13:00.", param_hint=option) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _shown(record: Record) -> Iterator[str]:
    refused = " REFUSED" if record.outcome != "DONE" else ""
    actor = f"{record.actor_kind}:{record.actor_id}" if record.actor_id else record.actor_kind
    roles = f" as {record.roles}" if record.roles else ""
    factors = f" by {record.factors}" if record.factors else ""
    place = f" from {record.place}" if record.place else ""
    subject = f"{record.subject_kind}:{record.subject_id}" if record.subject_id else record.subject_kind
    yield f"{record.at:%Y-%m-%d %H:%M:%S} UTC  {record.chain}-{record.seq}  {record.operation}{refused}  {subject}"
    yield f"    {actor}{roles}{factors}{place}"
    for name, text in (("before", record.before), ("after", record.after), ("why", record.why)):
        if text:
            yield f"    {name}: {plain(text)}"


def _plain(record: Record) -> dict[str, object]:
    import msgspec

    from evertill.kernel import clock

    values = msgspec.structs.asdict(record)
    return values | {"at": clock.as_text(record.at), "mac": record.mac.hex()}


def _lines(paths: list[Path]) -> Iterator[Line]:
    import msgspec

    from evertill.journeys.verify_trail import Line

    read = msgspec.json.Decoder(Line)
    for path in paths:
        with path.open("rb") as file:
            while line := file.readline(_LINE_BYTES_MAX):
                # A log has lines of many kinds, and lines that are no JSON.
                if b'"heads"' not in line:
                    continue
                try:
                    yield read.decode(line)
                except msgspec.MsgspecError as error:
                    text = line[:80].decode(errors="replace")
                    raise typer.BadParameter(f"{path}: {error}: {text}", param_hint="--anchor") from None
