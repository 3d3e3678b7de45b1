"""`evertill up`: the whole shop on one machine, in one command."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evertill.kernel import embedded
from evertill.kernel.supervise import (
    check_not_replaced,
    hold_folder,
    is_replaced,
    supervise,
    wait_until_replaced,
    write_run,
)

from .common import DataOption, data_folder, given_database, make_data_folder, use_data_folder
from .progress import Progress
from .shop_processes import Sandbox, Site, children, preload
from .sockets import Address, check_free, listen

_WORKERS_MAX_BY_DEFAULT = 4
_PORT_MAX = 65_535
_SANDBOX_BEYOND = 1_200

app = typer.Typer(add_completion=False)


def _workers_by_default() -> int:
    # Fewer than the machine has when a container or taskset gives us fewer.
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(usable, _WORKERS_MAX_BY_DEFAULT)


@app.command()
def up(
    *,
    port: Annotated[int, typer.Option(min=1, max=_PORT_MAX, help="Where customers reach the shop.")] = 8000,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is every one.")] = "127.0.0.1",
    data: DataOption = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load a small bilingual catalogue.")] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Run the Sandbox payment provider too, on port + 1200; --demo does.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Web processes.", show_default="the processors, at most 4")
    ] = None,
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=_PORT_MAX, help="Where Prometheus reads.", show_default="port + 1000")
    ] = None,
) -> None:
    """Start the shop and keep it running: database, web, jobs. Ctrl-C finishes what was accepted and stops all."""
    folder = data_folder(data)
    metrics = metrics_port or (port + 1000 if port + 1000 <= _PORT_MAX else port - 1000)
    run_shop(
        folder=folder,
        web=Address(host=host, port=port),
        metrics=Address(host="127.0.0.1", port=metrics),
        workers=workers or _workers_by_default(),
        demo=demo,
        sandbox=sandbox_of(folder, port) if demo or sandbox else None,
    )


def sandbox_of(folder: Path, port: int) -> Sandbox:
    """This function will return where Sandbox runs beside a shop on `port`: 1,200 further, or before at the end."""
    near = port + _SANDBOX_BEYOND if port + _SANDBOX_BEYOND <= _PORT_MAX else port - _SANDBOX_BEYOND
    return Sandbox(address=Address(host="127.0.0.1", port=near), folder=folder / "sandbox")


def run_shop(
    *,
    folder: Path,
    web: Address,
    metrics: Address,
    workers: int,
    demo: bool,
    sandbox: Sandbox | None = None,
    site: Site | None = None,
) -> None:
    """This function will run the shop of the data folder `folder` until it is told to stop by a signal.

    `site` names the functions that do the work; the product's own by default.

    Raises FolderHeld, ShopReplaced, PortTaken, DataFolderUnusable, ChildFailed, and what embedded.prepare raises.
    """
    make_data_folder(folder)
    # As it was given: what is set below is of this folder, and the next one has its own.
    given = dict(os.environ)
    if is_replaced(folder):
        typer.echo("A shop is restored in the place of this one; it opens once that has ended.")
        wait_until_replaced(folder)
    check_not_replaced(folder)
    progress = Progress(Console())
    with hold_folder(folder), progress:
        is_to_reopen = _run(
            progress,
            folder=folder,
            web=web,
            metrics=metrics,
            workers=workers,
            demo=demo,
            sandbox=sandbox,
            site=site or Site(),
        )
    progress.say("The shop is closed; nothing was left running.")
    if is_to_reopen:
        # It was closed for that, and nobody else would open it again.
        words = ["-c", "from evertill.entry.cli import main; main()", *sys.argv[1:]]
        os.execve(sys.executable, [sys.executable, *words], given)  # noqa: S606 — no shell is wanted.


def _run(
    progress: Progress,
    *,
    folder: Path,
    web: Address,
    metrics: Address,
    workers: int,
    demo: bool,
    sandbox: Sandbox | None,
    site: Site,
) -> bool:
    """Run it until it is told to close; return whether it is to open again."""
    listener = listen(web)
    check_free(metrics, option="--metrics-port")
    if sandbox is not None:
        check_free(sandbox.address, option=f"--port, which is {_SANDBOX_BEYOND} away from it")
    facts = {"url": web.url, "metrics_url": f"{metrics.url}/metrics", "data": str(folder), "database": "external"}
    cluster = None
    if not given_database():
        progress.step("Preparing PostgreSQL")
        cluster = embedded.prepare(folder=folder, tell=progress.say)
        facts["database"] = f"127.0.0.1:{cluster.keys.port}"
    if sandbox is not None:
        facts["sandbox_url"] = os.environ.get("EVERTILL_SANDBOX_URL", sandbox.address.url)
    if target := os.environ.get("EVERTILL_BACKUP_TARGET"):
        facts["backup_target"] = target
    write_run(folder, facts)
    use_data_folder(folder, settings=site.settings)
    # What the operator has set stays.
    os.environ.setdefault("EVERTILL_PUBLIC_URL", web.url_for_people)
    if sandbox is not None:
        os.environ.setdefault("EVERTILL_SANDBOX_URL", sandbox.address.url)
    progress.step("Loading the shop")
    preload(site, folder=folder)
    progress.step("Starting the shop, with the demo catalogue" if demo else "Starting the shop")
    return supervise(
        children(
            site=site,
            cluster=cluster,
            listener=listener,
            metrics=metrics,
            web=web,
            workers=workers,
            demo=demo,
            sandbox=sandbox,
        ),
        tell=progress.say,
        on_ready=lambda: _announce(progress, web=web, metrics=metrics, folder=folder, demo=demo, sandbox=sandbox),
        on_closing=lambda: _close(progress, listener),
        on_change=lambda pids: write_run(folder, {**facts, "children": dict(pids)}),
        on_tick=progress.tick,
    )


def _close(progress: Progress, listener: socket.socket) -> None:
    progress.stop()
    progress.say("Closing: finishing what was accepted.")
    # The last worker to close its copy ends the queue too; until then newcomers would wait for nobody.
    listener.close()


def _announce(
    progress: Progress, *, web: Address, metrics: Address, folder: Path, demo: bool, sandbox: Sandbox | None
) -> None:
    progress.done()
    progress.say("")
    progress.say(f"[bold green]The shop is open:[/] [bold]{web.url_for_people}[/]", markup=True)
    progress.say(f"Data in {folder}; metrics at {metrics.url}/metrics")
    if sandbox is not None:
        progress.say(
            f"Sandbox, a payment provider to try things out: {sandbox.address.url}; its keys in {sandbox.folder}"
        )
    if not os.environ.get("EVERTILL_BACKUP_TARGET"):
        progress.say("No backups: EVERTILL_BACKUP_TARGET is not set. If this machine burns, everything is lost.")
    progress.say("")
    if demo:
        progress.say("Place an order:")
        progress.say(f"  {_curl(web.url)}")
    else:
        progress.say("Fill it: evertill import products FILE.csv, or start it once with --demo.")
    progress.say("")
    progress.say("Stop it with Ctrl-C.")


def _curl(url: str) -> str:
    body = '{"lines":[{"sku":"TEA-001","quantity":1}],"currency":"GBP","contact":{"email":"you@example.com"}}'
    headers = """-H 'Content-Type: application/json' -H "Idempotency-Key: $(date +%s%N)\""""
    return f"curl -s {url}/api/v1/orders {headers} -d '{body}'"
