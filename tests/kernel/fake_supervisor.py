"""A supervisor for the tests, in a process of its own: `python -m tests.kernel.fake_supervisor SCENARIO FOLDER`."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from evertill.kernel.errors import EvertillError
from evertill.kernel.supervise import Child, Program, supervise


def note(folder: Path, line: str) -> None:
    with (folder / "notes").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def work(folder: Path, name: str, *, drain_seconds: float = 0.0) -> None:
    """Idle until SIGTERM, then take `drain_seconds` to finish."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    note(folder, f"{name} starts")
    (folder / f"{name}.{os.getpid()}").touch()
    signal.sigwait([signal.SIGTERM])
    note(folder, f"{name} drains")
    time.sleep(drain_seconds)
    note(folder, f"{name} is done")


def stands(folder: Path, name: str, pid: int) -> bool:
    """Say whether a worker has come so far that SIGTERM is what it waits for, and not its end."""
    return (folder / f"{name}.{pid}").exists()


def hold(folder: Path) -> None:
    """Idle until SIGTERM, then take as long as somebody lets it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    note(folder, "held starts")
    signal.sigwait([signal.SIGTERM])
    while not (folder / "enough").exists():
        time.sleep(0.01)


def stubborn(folder: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note(folder, "stubborn starts")
    while True:
        signal.pause()


def family(folder: Path) -> None:
    """A worker with a child of its own that does not hear of its death."""
    pid = os.fork()
    if pid == 0:
        note(folder, f"grandchild {os.getpid()}")
    while True:
        signal.pause()


def crash() -> None:
    raise SystemExit(3)


def scenario(name: str, folder: Path) -> list[Child]:
    worker: Callable[..., Child] = lambda name, stage, **more: Child(  # noqa: E731
        name=name, stage=stage, run=partial(work, folder, name, **more), ready=partial(stands, folder, name)
    )
    sleeper = Program(argv=["/bin/sleep", "600"], env={})
    scenarios: dict[str, Callable[[], list[Child]]] = {
        "drain": lambda: [
            Child(name="program", stage=0, run=sleeper, stop_signal=signal.SIGINT),
            worker("jobs", 1),
            worker("web-1", 2, drain_seconds=0.2),
            worker("web-2", 2, drain_seconds=0.2),
        ],
        "nohup": lambda: [worker("jobs", 0)],
        "late": lambda: [worker("jobs", 0)],
        "stubborn": lambda: [Child(name="stubborn", stage=0, run=partial(stubborn, folder), stop_seconds=0.3)],
        "patient": lambda: [Child(name="stubborn", stage=0, run=partial(stubborn, folder), stop_seconds=600)],
        "held": lambda: [Child(name="held", stage=0, run=partial(hold, folder), stop_seconds=600)],
        "crash": lambda: [worker("steady", 0), Child(name="broken", stage=0, run=crash)],
        "once": lambda: [worker("base", 0), Child(name="step", stage=1, run=crash, once=True), worker("late", 2)],
        "family": lambda: [Child(name="family", stage=0, run=partial(family, folder))],
        "program": lambda: [
            Child(
                name="talker",
                stage=0,
                run=Program(argv=["/bin/sh", "-c", "echo no luck; exit 9"], env={}, output=folder / "said"),
            )
        ],
    }
    return scenarios[name]()


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    # Whatever the tests themselves were started with.
    signal.signal(signal.SIGHUP, signal.SIG_IGN if name == "nohup" else signal.SIG_DFL)

    def changed(pids: Mapping[str, int]) -> None:
        fresh = folder / "pids.new"
        fresh.write_text(json.dumps(pids), encoding="utf-8")
        fresh.rename(folder / "pids")
        if name == "late" and not pids:
            # Somebody closes it for good as the last one has ended.
            os.kill(os.getpid(), signal.SIGTERM)

    try:
        is_to_reopen = supervise(
            scenario(name, folder),
            tell=lambda line: note(folder, f"told: {line}"),
            on_ready=lambda: note(folder, "ready"),
            on_closing=lambda: note(folder, "closing"),
            on_change=changed,
        )
        if is_to_reopen:
            note(folder, "to open again")
    except EvertillError as failure:
        note(folder, f"failed: {failure.detail}")
        sys.exit(1)


if __name__ == "__main__":
    main()
