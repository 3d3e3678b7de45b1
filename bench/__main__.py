"""`make bench`, or `python -m bench [--quick] [--only NAME]`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from bench import page, report
from bench.errors import BenchError
from bench.plan import FULL, QUICK, SMOKE
from bench.run import MEASUREMENTS, run
from evertill.kernel.errors import EvertillError

_MODES = {"full": FULL, "quick": QUICK, "smoke": SMOKE}


def main() -> int:
    """This function will do what the command line asks and return the exit code.

    1: a full run missed a figure, or a process of the shop died. 2: it could not be measured. 130: told to stop.
    """
    asked = _read_command_line()
    # A log has no width of its own; the table needs this much.
    console = Console(width=None if sys.stdout.isatty() else 160)
    if asked.write_page:
        page.write(source=asked.results)
        return 0
    # Told to end, it still closes its shops and removes their data.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()

    def tell(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.0f} s[/]  {line}", highlight=False, soft_wrap=True)

    plan = _MODES[asked.mode]
    try:
        findings, facts = run(plan=plan, only=asked.only, parent=asked.data, tell=tell)
    except (BenchError, EvertillError) as failure:
        console.print(f"bench: {failure}", style="red", markup=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        console.print("bench: stopped; its shops are closed and their data is removed.", style="yellow")
        return 130
    report.write(findings=findings, plan=plan, machine=facts, to=asked.results)
    is_met = report.show(console, source=asked.results)
    return 0 if is_met or plan is not FULL else 1


def _read_command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure the shop against its floors, on this machine, in one run."
    )
    modes = parser.add_mutually_exclusive_group()
    for name, text in (
        ("quick", "a few minutes: too short and too little history to be quoted"),
        ("smoke", "seconds: proves that every measurement runs and counts; its numbers mean nothing"),
    ):
        modes.add_argument(f"--{name}", dest="mode", action="store_const", const=name, default="full", help=text)
    parser.add_argument(
        "--only", action="append", default=[], choices=MEASUREMENTS, help="make only this one; may be repeated"
    )
    parser.add_argument("--data", type=Path, help="folder for the shop's data while it is measured (default /var/tmp)")
    parser.add_argument("--results", type=Path, default=report.RESULTS, help="file of the results (%(default)s)")
    parser.add_argument(
        "--write-page", action="store_true", help="measure nothing; put the results into docs/reference/performance.md"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
