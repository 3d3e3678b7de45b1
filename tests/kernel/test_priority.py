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


def has_shares() -> bool:
    """Whether this kernel gives each session a share of its own."""
    enabled = Path("/proc/sys/kernel/sched_autogroup_enabled")
    return enabled.exists() and enabled.read_text(encoding="ascii").strip() == "1"


needs_shares = pytest.mark.skipif(not has_shares(), reason="this kernel gives sessions no share of their own")

_TELL = """
import os
from pathlib import Path
share = Path('/proc/self/autogroup')
shared = share.read_text().split()[-1] if share.exists() else '-'
print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0) == os.SCHED_IDLE, shared, flush=True)
"""


def run(program: str, *, leads: bool) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], start_new_session=leads, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout.split()


class TestStandBack:
    @needs_shares
    def test_is_of_the_idle_class_with_a_small_share_for_its_session(self) -> None:
        said = run(f"from evertill.kernel import priority; priority.stand_back(){_TELL}", leads=True)

        assert said == ["15", "True", "5"]

    @needs_shares
    def test_leaves_a_session_alone_that_others_lead(self) -> None:
        ours = Path("/proc/self/autogroup").read_text(encoding="ascii").split()[-1]

        said = run(f"from evertill.kernel import priority; priority.stand_back(){_TELL}", leads=False)

        assert said == ["15", "False", ours]

    def test_is_no_nicer_when_it_is_said_twice(self) -> None:
        twice = "priority.stand_back(); priority.stand_back()"

        assert run(f"from evertill.kernel import priority; {twice}{_TELL}", leads=True)[0] == "15"


class TestPushBack:
    def test_makes_another_process_nice_and_leaves_its_class(self) -> None:
        with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as other:
            try:
                priority.push_back(other.pid)

                assert os.getpriority(os.PRIO_PROCESS, other.pid) == 15
                assert os.sched_getscheduler(other.pid) == os.SCHED_OTHER
                share = Path(f"/proc/{other.pid}/autogroup")
                assert not share.exists() or share.read_text(encoding="ascii").split()[-1] == "5"
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
