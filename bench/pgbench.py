"""The floors: the same orders written by pgbench, PostgreSQL's own load generator, over TCP as the shop does it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bench.database import SKU_FIRST, Database
from bench.errors import BenchError
from evertill.kernel.embedded import find_programs

_SCRIPTS = Path(__file__).parent / "floors"
# Each run gets a prefix of its own for its identifiers: the minute, as in kernel.ids, and how many runs were before.
_RUNS = count()


class Script(StrEnum):
    """How an order is written; the names of the files in bench/floors."""

    STEPS = "steps"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """One way to drive PostgreSQL: the script, its clients, and among how many goods they choose."""

    script: Script
    clients: int
    skus: int

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"pgbench {self.script}, {self.clients} clients"


def run(floor: Floor, database: Database, *, seconds: int) -> tuple[int, float]:
    """This function will drive the database, and return the orders that were committed and the seconds they took.

    The seconds are those without pgbench's own connecting. Raises BenchError when a transaction failed.
    """
    parts = urlsplit(database.url)
    done = subprocess.run(
        [
            find_programs() / "pgbench", "--no-vacuum", "--protocol=prepared", f"--time={seconds}",
            f"--client={floor.clients}", f"--jobs={min(floor.clients, os.cpu_count() or 1)}",
            f"--file={_SCRIPTS / f'{floor.script}.sql'}",
            "--define=n=0", f"--define=prefix={int(time.time()) // 60 - 29_000_000 + next(_RUNS)}",
            f"--define=sku_first={SKU_FIRST}", f"--define=sku_last={SKU_FIRST + floor.skus - 1}",
            f"--host={parts.hostname}", f"--port={parts.port}", f"--username={parts.username}", database.name,
        ],
        env={**os.environ, "PGPASSWORD": unquote(parts.password or "")},
        capture_output=True, text=True, timeout=seconds + 60, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"{floor.name} failed:\n{done.stderr.strip()[-2000:]}")
    return read(done.stdout)


def read(report: str) -> tuple[int, float]:
    """This function will read pgbench's report: transactions processed, and the seconds they took."""
    processed = re.search(r"^number of transactions actually processed: (\d+)", report, re.MULTILINE)
    failed = re.search(r"^number of failed transactions: (\d+)", report, re.MULTILINE)
    rate = re.search(r"^tps = ([\d.]+)", report, re.MULTILINE)
    if not processed or not rate or (failed and int(failed[1])):
        raise BenchError(f"pgbench's report is not that of a clean run:\n{report}")
    return int(processed[1]), int(processed[1]) / float(rate[1])
