"""The command line: `evertill …`. One file per command, registered in one table, imported when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from evertill import __version__
from evertill.kernel.errors import EvertillError

# What the operator types → the module whose `app` does it, in the order `evertill --help` shows. The modules import
# Django and the domains inside their functions only, so that help stays fast.
COMMANDS: Mapping[str, str] = {
    "up": "evertill.entry.cli.up",
    "import": "evertill.entry.cli.import_",
    "replay": "evertill.entry.cli.replay",
    "token": "evertill.entry.cli.token",
    "database": "evertill.entry.cli.database",
    "orders": "evertill.entry.cli.orders",
    "receipts": "evertill.entry.cli.receipts",
    "verify-receipt": "evertill.entry.cli.verify_receipt",
    "submissions": "evertill.entry.cli.submissions",
    "claims": "evertill.entry.cli.claims",
    "payments": "evertill.entry.cli.payments",
    "disputes": "evertill.entry.cli.disputes",
    "alerts": "evertill.entry.cli.alerts",
    "messages": "evertill.entry.cli.messages",
    "reconcile": "evertill.entry.cli.reconcile",
    "balance": "evertill.entry.cli.balance",
    "codes": "evertill.entry.cli.codes",
    "keys": "evertill.entry.cli.keys",
    "approvals": "evertill.entry.cli.approvals",
    "preferences": "evertill.entry.cli.preferences",
    "staff": "evertill.entry.cli.staff",
    "sessions": "evertill.entry.cli.sessions",
    "audit": "evertill.entry.cli.audit",
    "audit-trail": "evertill.entry.cli.audit_trail",
    "backup": "evertill.entry.cli.backup",
    "restore": "evertill.entry.cli.restore",
    "drill": "evertill.entry.cli.drill",
    "sandbox-provider": "evertill.entry.cli.sandbox_provider",
    "docs": "evertill.entry.cli.docs",
}


class _Commands(TyperGroup):
    """The table above as a group of commands."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 — typer does not publish its context's base.
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 — as above.
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        return command


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 — typer calls it so.
    if wanted:
        typer.echo(f"evertill {__version__}")
        raise typer.Exit


@app.callback()
def _evertill(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Evertill: the till that never closes."""


def main() -> None:
    """This function will run the command that the words on the command line name, and end the process.

    An expected failure is told in three plain lines — what happened, what is safe, what to do — with exit code 1.
    """
    try:
        app()
    except EvertillError as failure:
        print(f"evertill: {failure.detail}\n  {failure.kept}\n  {failure.remedy}", file=sys.stderr)
        sys.exit(1)
    except Exception as failure:
        if not _is_database_gone(failure):
            raise
        print(
            "evertill: The database cannot be reached.\n  What was committed is kept.\n"
            "  Start the shop with `evertill up`, or see that DATABASE_URL is right; then run the command again.",
            file=sys.stderr,
        )
        sys.exit(1)


def _is_database_gone(failure: Exception) -> bool:
    # Only a command that opened the shop has loaded Django, and only then is there something to ask.
    if "django.db" not in sys.modules:
        return False
    db = importlib.import_module("evertill.kernel.db")
    return bool(db.is_connection_lost(failure))
