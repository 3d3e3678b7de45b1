"""Supervision, with real processes and real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from evertill.kernel.supervise import FolderHeld, NotRunning, hold_folder, read_run, write_run

from .waiting import ROOT, alive, gone, kill, stands_still, until


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A supervisor in a process of its own."""

    process: subprocess.Popen[bytes]
    folder: Path

    def pids(self) -> dict[str, int]:
        try:
            return dict(json.loads((self.folder / "pids").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}

    def notes(self) -> list[str]:
        try:
            return (self.folder / "notes").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def told(self) -> list[str]:
        return [line.removeprefix("told: ") for line in self.notes() if line.startswith("told: ")]

    def ready(self) -> bool:
        return "ready" in self.notes()


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[[str], Watched]]:
    started: list[Watched] = []

    def begin(scenario: str) -> Watched:
        argv = [sys.executable, "-m", "tests.kernel.fake_supervisor", scenario, str(tmp_path)]
        watched = Watched(process=subprocess.Popen(argv, cwd=ROOT), folder=tmp_path)
        started.append(watched)
        return watched

    yield begin
    for watched in started:
        watched.process.terminate()
        watched.process.wait(timeout=60)
        for pid in watched.pids().values():
            until(partial(gone, pid))


def _starts_again(watched: Watched, name: str, starts: int) -> bool:
    return watched.notes().count(f"{name} starts") > starts


class TestStarting:
    def test_waits_for_each_stage_before_the_next(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("drain")

        until(watched.ready)

        assert list(watched.pids()) == ["program", "jobs", "web-1", "web-2"]

    def test_stops_everything_when_a_step_that_runs_once_fails(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("once")

        assert watched.process.wait(timeout=30) == 1

        assert "failed: step ended with exit code 3." in watched.notes()
        assert "base is done" in watched.notes()
        assert "late starts" not in watched.notes()
        assert watched.pids() == {}

    def test_keeps_the_terminals_signals_from_the_children(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("drain")
        until(watched.ready)

        pids = set(watched.pids().values())

        # A program counts as ready at once, and so perhaps a moment before it leads a session.
        until(lambda: {os.getsid(pid) for pid in pids} == pids)


class TestRestarting:
    def test_brings_a_killed_worker_back_at_once(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("drain")
        until(watched.ready)
        before = watched.pids()
        killed = ("web-1", "web-2")

        for name in killed:
            starts = watched.notes().count(f"{name} starts")
            kill(before[name], signal.SIGKILL)
            # A supervisor that nothing wakes looks again after a minute, which is longer than this waits.
            until(partial(_starts_again, watched, name, starts), seconds=30)

        assert watched.told() == [f"{name} ended with SIGKILL; starting it again." for name in killed]
        until(lambda: len(watched.pids()) == len(before))
        after = watched.pids()
        assert {name for name in before if after[name] != before[name]} == set(killed)

    def test_backs_off_from_a_crash_loop_and_says_so(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("crash")

        until(lambda: len(watched.told()) >= 5)

        assert watched.told()[:5] == [
            "broken ended with exit code 3; starting it again.",
            "broken keeps ending: exit code 3, 2 times in a row; next try in 0.1 s.",
            "broken keeps ending: exit code 3, 3 times in a row; next try in 0.2 s.",
            "broken keeps ending: exit code 3, 4 times in a row; next try in 0.4 s.",
            "broken keeps ending: exit code 3, 5 times in a row; next try in 0.8 s.",
        ]
        assert alive(watched.pids()["steady"])

    def test_passes_on_the_last_words_of_a_program(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("program")

        until(watched.told)

        assert watched.told()[0] == "talker ended with exit code 9; starting it again. Its last words: no luck"

    def test_takes_what_a_dead_worker_had_started_with_it(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("family")
        note = until(lambda: [line for line in watched.notes() if line.startswith("grandchild")])
        grandchild = int(note[0].split()[1])

        kill(until(lambda: watched.pids().get("family", 0)), signal.SIGKILL)

        until(lambda: not alive(grandchild))


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
    def test_drains_in_order_and_leaves_nothing(self, watch: Callable[[str], Watched], number: signal.Signals) -> None:
        watched = watch("drain")
        until(watched.ready)
        pids = watched.pids().values()

        kill(watched.process.pid, number)

        assert watched.process.wait(timeout=30) == 0
        assert not any(alive(pid) for pid in pids)
        ends = [line for line in watched.notes() if line.endswith(("drains", "is done"))]
        # Both are told at once, and one may be done before the other one has heard of it.
        assert sorted(ends[:4]) == ["web-1 drains", "web-1 is done", "web-2 drains", "web-2 is done"]
        assert ends[4:] == ["jobs drains", "jobs is done"]
        assert watched.told() == []

    def test_outlives_the_terminal_when_told_so_by_nohup(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("nohup")
        until(watched.ready)

        kill(watched.process.pid, signal.SIGHUP)

        # One that was about to stop would bring nothing back.
        kill(watched.pids()["jobs"], signal.SIGKILL)
        until(lambda: watched.notes().count("jobs starts") == 2)
        kill(watched.process.pid, signal.SIGTERM)
        assert watched.process.wait(timeout=30) == 0

    @pytest.mark.parametrize(
        ("first", "second", "opens"),
        [
            (signal.SIGUSR1, signal.SIGUSR1, True),
            (signal.SIGUSR1, signal.SIGTERM, False),
            (signal.SIGTERM, signal.SIGUSR1, False),
        ],
    )
    def test_is_to_open_again_where_nobody_wanted_it_closed_for_good(
        self, watch: Callable[[str], Watched], first: signal.Signals, second: signal.Signals, opens: bool
    ) -> None:
        watched = watch("held")
        until(lambda: "held starts" in watched.notes())

        kill(watched.process.pid, first)
        until(lambda: "closing" in watched.notes())
        kill(watched.process.pid, second)
        # Only now may what it waits for come to its end.
        (watched.folder / "enough").touch()

        assert watched.process.wait(timeout=30) == 0
        assert ("to open again" in watched.notes()) is opens

    def test_stays_closed_where_that_is_said_as_the_last_one_ends(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("late")
        until(watched.ready)

        kill(watched.process.pid, signal.SIGUSR1)

        assert watched.process.wait(timeout=30) == 0
        assert "to open again" not in watched.notes()

    def test_kills_what_does_not_stop_in_its_time(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("stubborn")
        until(lambda: "stubborn starts" in watched.notes())

        kill(watched.process.pid, signal.SIGTERM)

        assert watched.process.wait(timeout=30) == 0
        assert watched.told() == ["stubborn has not stopped by itself; making it stop."]

    def test_hurries_at_a_second_ctrl_c(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("patient")
        until(lambda: "stubborn starts" in watched.notes())
        # A second one right away is an echo of the first, not an order: both are there when it looks.
        kill(watched.process.pid, signal.SIGSTOP)
        until(lambda: stands_still(watched.process.pid))
        kill(watched.process.pid, signal.SIGINT)
        kill(watched.process.pid, signal.SIGTERM)
        kill(watched.process.pid, signal.SIGCONT)
        until(lambda: "closing" in watched.notes())
        with pytest.raises(subprocess.TimeoutExpired):
            watched.process.wait(timeout=0.7)

        kill(watched.process.pid, signal.SIGINT)

        # By itself the child would be waited for ten minutes.
        assert watched.process.wait(timeout=30) == 0

    def test_leaves_nothing_when_the_supervisor_itself_is_killed(self, watch: Callable[[str], Watched]) -> None:
        watched = watch("drain")
        until(watched.ready)
        pids = watched.pids().values()

        kill(watched.process.pid, signal.SIGKILL)

        until(lambda: not any(alive(pid) for pid in pids))


class TestFolder:
    def test_has_one_supervisor_and_names_it(self, tmp_path: Path) -> None:
        with hold_folder(tmp_path):
            write_run(tmp_path, {"url": "http://127.0.0.1:8000"})

            with pytest.raises(FolderHeld) as held, hold_folder(tmp_path):
                pass

            assert str(os.getpid()) in held.value.detail
            assert "http://127.0.0.1:8000" in held.value.detail
            assert read_run(tmp_path)["url"] == "http://127.0.0.1:8000"

    def test_is_free_after_its_supervisor(self, tmp_path: Path) -> None:
        with hold_folder(tmp_path):
            write_run(tmp_path, {})

        with pytest.raises(NotRunning):
            read_run(tmp_path)
        with hold_folder(tmp_path):
            pass

    def test_does_not_believe_the_note_of_a_killed_supervisor(self, tmp_path: Path) -> None:
        gone = subprocess.Popen(["/bin/true"])
        gone.wait()
        (tmp_path / "run.json").write_text(json.dumps({"pid": gone.pid}), encoding="utf-8")

        with pytest.raises(NotRunning):
            read_run(tmp_path)
