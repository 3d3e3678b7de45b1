"""Standing back: by niceness, by class, and for a whole session, since sessions share a processor alike."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evertill.kernel import priority

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these classes and shares")


# How these tests themselves were told to stand back counts too.
NICE = max(priority.NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
IS_IDLE = str(sys.platform == "linux" and os.sched_getscheduler(0) == os.SCHED_IDLE)

_TELL = """
import os
from pathlib import Path
share = Path('/proc/self/autogroup')
shared = share.read_text().split()[-1:] if share.exists() else []
print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0) == os.SCHED_IDLE, *shared, flush=True)
"""


def run(program: str, *, leads: bool) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], start_new_session=leads, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout.split()


def share_of(process: int | str) -> list[str]:
    """The niceness of a process's session: none of a session as old as the machine, whose file is there and empty."""
    share = Path(f"/proc/{process}/autogroup")
    return share.read_text(encoding="ascii").split()[-1:] if share.exists() else []


class TestHasShares:
    @pytest.mark.parametrize(
        ("enabled", "memberships", "weights", "shared"),
        [
            ("1", "0::/", [], True),
            ("0", "0::/", [], False),
            ("1", "2:cpuacct:/\n1:cpu:/\n0::/", [], True),
            ("1", "4:cpuset:/a\n1:name=systemd:/user", [], True),
            ("1", "3:cpu,cpuacct:/docker/1f\n0::/", [], False),
            ("1", "0::/", ["."], False),
            ("1", "0::/system.slice/evertill.service", [], True),
            ("1", "0::/system.slice/evertill.service", ["system.slice"], False),
            ("1", "0::/system.slice/evertill.service", ["user.slice"], True),
            ("1", "0::/a:b", ["a:b"], False),
            ("1", "", [], True),
        ],
    )  # fmt: skip
    def test_is_so_unless_a_group_has_a_weight_of_its_own(
        self, tmp_path: Path, enabled: str, memberships: str, weights: list[str], shared: bool
    ) -> None:
        proc, groups = tmp_path / "proc", tmp_path / "groups"
        for path, text in (("sys/kernel/sched_autogroup_enabled", enabled), ("self/cgroup", memberships)):
            (proc / path).parent.mkdir(parents=True)
            (proc / path).write_text(f"{text}\n" if text else "", encoding="utf-8")
        for weight in weights:
            (groups / weight).mkdir(parents=True)
            (groups / weight / "cpu.weight").write_text("100\n", encoding="ascii")

        assert priority.has_shares(proc, groups) is shared

    def test_is_not_so_where_the_kernel_does_not_say(self, tmp_path: Path) -> None:
        assert not priority.has_shares(tmp_path, tmp_path)


class TestStandBack:
    def test_is_of_the_idle_class_with_a_small_share_where_sessions_have_one(self) -> None:
        said = run(f"from evertill.kernel import priority; priority.stand_back(){_TELL}", leads=True)

        if priority.has_shares():
            assert said == [f"{NICE}", "True", "5"]
        else:
            assert said[:2] == [f"{NICE}", IS_IDLE]

    def test_leaves_a_session_alone_that_others_lead(self) -> None:
        said = run(f"from evertill.kernel import priority; priority.stand_back(){_TELL}", leads=False)

        assert said == [f"{NICE}", IS_IDLE, *share_of("self")]

    def test_is_no_nicer_when_it_is_said_twice(self) -> None:
        twice = "priority.stand_back(); priority.stand_back()"

        assert run(f"from evertill.kernel import priority; {twice}{_TELL}", leads=True)[0] == f"{NICE}"


class TestPushBack:
    def test_makes_another_process_nice_and_leaves_its_class(self) -> None:
        with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as other:
            try:
                priority.push_back(other.pid)

                assert os.getpriority(os.PRIO_PROCESS, other.pid) == NICE
                assert os.sched_getscheduler(other.pid) == os.sched_getscheduler(0)
                assert not priority.has_shares() or share_of(other.pid) == ["5"]
            finally:
                other.kill()

    def test_does_not_mind_one_that_has_ended(self) -> None:
        with subprocess.Popen(["/bin/true"]) as other:
            other.wait()

        priority.push_back(other.pid)


class TestGiveWay:
    """What a command does that is in no hurry (entry/cli/moving.py)."""

    def test_goes_on_in_a_session_of_its_own_and_ends_as_that_ends(self) -> None:
        told = "import os, sys; from evertill.entry.cli.moving import give_way; give_way()"
        done = subprocess.run(
            [sys.executable, "-c", f"{told}; print(os.getsid(0) == os.getpid()); sys.exit(7)"],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip

        assert (done.stdout, done.returncode) == ("True\n", 7)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_ends_when_it_is_told_to(self, number: signal.Signals) -> None:
        # Whoever runs the tests in the background has Ctrl-C ignored, for all that they start.
        heard = "import signal, time; signal.signal(signal.SIGINT, signal.default_int_handler)"
        told = f"{heard}; from evertill.entry.cli.moving import give_way; give_way(); print('there', flush=True)"
        with subprocess.Popen(
            [sys.executable, "-c", f"{told}; time.sleep(60)"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as command:
            assert command.stdout is not None
            assert command.stdout.readline() == "there\n"

            command.send_signal(number)

            assert command.wait(timeout=30) == 128 + number
            # The pipe ends when the child has ended too.
            assert command.stdout.read() == ""
