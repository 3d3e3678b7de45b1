"""What was measured on what: a figure without its machine says nothing."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psutil

from bench import database as db
from bench.database import Database
from evertill.kernel import clock


def facts(*, database: Database, folder: Path) -> dict[str, Any]:
    """This function will describe the machine, the server with all settings that are not defaults, and the revision."""
    settings = db.query(
        database.url,
        """
        select name, current_setting(name)
        from pg_settings
        where source not in ('default', 'client', 'override')
           or name in ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method')
        order by name
        """,
    )
    ((version,),) = db.query(database.url, "show server_version")
    return {
        "measured_at": clock.now().astimezone(dt.UTC).isoformat(timespec="seconds"),
        "revision": _revision(),
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "filesystem": _filesystem(folder),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": version,
        "settings": dict(settings),
    }


def _revision() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    said = subprocess.run(
        [git, "describe", "--always", "--dirty", "--abbrev=10"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return said.stdout.strip() or "unknown"


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _filesystem(folder: Path) -> str:
    mounts = [part for part in psutil.disk_partitions(all=True) if folder.is_relative_to(part.mountpoint)]
    return max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else "unknown"
