"""`evertill backup …`: copies of the shop elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import DataOption, open_shop
from .moving import Moving, give_way
from .targets import FromOption, KeyOption, find_copies

if TYPE_CHECKING:
    from evertill.journeys.verify_backups import Verified
    from evertill.kernel.errors import EvertillError

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def backup() -> None:
    """Take, list and check backups, and see to their key."""


@app.command()
def now(
    *,
    full: Annotated[bool, typer.Option("--full", help="Copy everything, not only what has changed.")] = False,
    data: DataOption = None,
) -> None:
    """Take a backup now, and wait until all of it has arrived."""
    give_way()
    open_shop(data)
    from evertill.domains.recovery import Kind
    from evertill.journeys.take_backup import take_backup
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    with Moving() as moving:
        manifest = take_backup(kind=Kind.FULL if full else Kind.INCREMENTAL, clock=clock.now, report=moving.report)
    assert manifest is not None  # noqa: S101 — one was asked for.
    seconds = (manifest.ended_at - manifest.began_at).total_seconds()
    typer.echo(
        f"{manifest.id}: {manifest.plain_bytes >> 20} MiB copied in {seconds:.1f} s,"
        f" {manifest.stored_bytes / (1 << 20):.1f} MiB stored, encrypted and looked at."
    )


@app.command(name="list")
def list_(
    *,
    source: FromOption = None,
    key: KeyOption = None,
    data: DataOption = None,
) -> None:
    """List the backups that lie at the target, and up to when the shop can be restored. No shop need run."""
    from evertill.journeys.read_catalogue import reach, read_catalogue

    copies = find_copies(source, key=key, data=data)
    with copies.open() as target:
        # On the night on which one is damaged, the others are what is looked for.
        catalogues = read_catalogue(target=target, key=copies.key, damaged=_warn)
        if not catalogues:
            typer.echo(f"There are no backups in {target.place}.")
        for catalogue in catalogues:
            typer.echo(f"Line {catalogue.line.id}, begun {catalogue.line.began_at:%Y-%m-%d %H:%M} UTC")
            for manifest in sorted(catalogue.manifests.values(), key=lambda one: (one.timeline, one.stop)):
                builds = f"  builds on {manifest.parent}" if manifest.parent else ""
                typer.echo(
                    f"  {manifest.id:36}  {manifest.ended_at:%Y-%m-%d %H:%M:%S} UTC"
                    f"  {manifest.stored_bytes / (1 << 20):9.1f} MiB{builds}"
                )
            end = reach(target=target, catalogue=catalogue)
            typer.echo(f"  can be restored up to {end:%Y-%m-%d %H:%M:%S} UTC" if end else "  nothing complete yet")


@app.command()
def verify(
    *,
    source: FromOption = None,
    key: KeyOption = None,
    line: Annotated[str | None, typer.Option(help="Only this line.", show_default="all that lie there")] = None,
    data: DataOption = None,
) -> None:
    """Read back everything at the target, and see that it is what was sent; exit code 1 when not.

    With --from no shop need run. Without, it is the running shop's own line, against what the shop remembers.
    """
    from evertill.journeys.verify_backups import verify_backups, verify_own

    if source is None and key is None and line is None:
        open_shop(data)
        from evertill.kernel import clock
        from evertill.outside.connect import connect

        connect()
        own = verify_own(now=clock.now())
        if own is not None:
            _tell_verified(own)
            return
    copies = find_copies(source, key=key, data=data)
    with Moving() as moving:
        verified = verify_backups(opener=copies.opener, key=copies.key, line=line, report=moving.report)
    _tell_verified(verified)


def _warn(damage: EvertillError) -> None:
    typer.echo(f"evertill: {damage.detail}", err=True)


def _tell_verified(verified: Verified) -> None:
    for backup in verified.unfinished:
        typer.echo(f"unfinished: {backup} has no manifest; it counts as none")
    for finding in verified.findings:
        typer.echo(f"wrong: line {finding.line}: {finding.subject}: {finding.detail}")
    looked = f"{verified.objects} objects of {verified.backups} backups in {verified.lines} lines"
    if verified.findings:
        typer.echo(f"{len(verified.findings)} faults in {looked}. Nothing was changed.")
        raise typer.Exit(1)
    if not verified.backups:
        typer.echo("There is no complete backup: nothing could be restored from here.")
        raise typer.Exit(1)
    typer.echo(f"All is as it was sent: {looked}.")


@app.command()
def target(*, data: DataOption = None) -> None:
    """Print where backups go, and what of them the database does not allow; exit code 1 when something is missing."""
    open_shop(data)
    from evertill.journeys.check_rights import find_missing

    copies = find_copies(None, key=None, data=data)
    with copies.open() as place:
        next(iter(place.list("")), None)
        typer.echo(place.place)
    missing = find_missing()
    for line in missing:
        typer.echo(line, err=True)
    if missing:
        raise typer.Exit(1)


@app.command()
def key(
    *,
    confirm: Annotated[
        str | None, typer.Option(help="The last 8 characters of the key, from where you keep it.")
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Write the key into this new file instead.")] = None,
    data: DataOption = None,
) -> None:
    """Print the key without which no backup can be read; then confirm that it is kept outside this machine."""
    open_shop(data)
    from evertill.journeys import keep_backup_key as keeping
    from evertill.kernel import clock

    if confirm is not None:
        keeping.confirm_key(proof=confirm, now=clock.now())
        typer.echo("Confirmed. You will be asked again in half a year, so that it is not forgotten where the key is.")
        return
    kept = keeping.show_key()
    if export is not None:
        keeping.export_key(export)
        typer.echo(f"The key is in {export}. Bring it to another place, and remove it here.", err=True)
    else:
        typer.echo("Whoever has this key reads every backup; without it nobody does. Keep it far from here:", err=True)
        typer.echo(kept.secret)
    typer.echo("Then show that you have it: evertill backup key --confirm LAST-8-CHARACTERS", err=True)
