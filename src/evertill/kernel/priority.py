"""Standing back: what is in no hurry leaves the processor to whoever waits for an answer.

To be nice is not enough. Linux first shares a processor out between sessions, alike, and only then looks at who is
nice within one (autogroups, in sched(7)); our processes lead sessions of their own. And a processor that is busy with
something nice is busy: who wakes up is sent elsewhere, or waits. One that has only idle-class work counts as free.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

NICENESS = 15
# A third of another session's share: what stands back is not to stand still where the processors are full for long.
SHARE_NICENESS = 5

_TRIES = 3
# The kernel moves one session in so long, for all users but root together.
_APART_S = 0.12


def stand_back() -> None:
    """This function will let everything else come first: before this process, and before what it starts.

    That holds for the whole session, so call it in a process that leads one of its own.
    """
    os.nice(max(NICENESS - os.getpriority(os.PRIO_PROCESS, 0), 0))
    # Without a share of its own, whoever is of the idle class would get nothing while others are busy.
    if sys.platform == "linux" and os.getsid(0) == os.getpid() and _shrink_share(os.getpid()):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def push_back(pid: int) -> None:
    """This function will have another process stand back that leads a session, where it is ours to touch.

    It is only made nice: who holds what others wait for must still come to its end.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, max(os.getpriority(os.PRIO_PROCESS, pid), NICENESS))
        if sys.platform == "linux" and os.getsid(pid) == pid:
            _shrink_share(pid)


def has_shares(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> bool:
    """This function will say whether sessions share the processor here, and this process with them.

    Whoever is in a control group of the processor's, as in a container, shares with that group instead (sched(7)).
    """
    try:
        enabled = (proc / "sys/kernel/sched_autogroup_enabled").read_text(encoding="ascii").strip() == "1"
        memberships = (proc / "self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return enabled and not any(_is_apart(membership, groups) for membership in memberships)


def _is_apart(membership: str, groups: Path) -> bool:
    """Whether a line of /proc/self/cgroup (hierarchy:controllers:path) is of a group with a share of its own."""
    _, controllers, path = membership.split(":", 2)
    if controllers:
        return "cpu" in controllers.split(",") and path != "/"
    # The nearest group counts that has the controller; the root of all has no weight, that of a container has.
    ours = groups / path.lstrip("/")
    return any((group / "cpu.weight").exists() for group in (ours, *ours.parents) if group.is_relative_to(groups))


def _shrink_share(pid: int) -> bool:
    """Make the session of its leader a small one, and say whether there is such a thing here."""
    if not has_shares():
        return False
    share = Path(f"/proc/{pid}/autogroup")
    for _ in range(_TRIES):
        try:
            share.write_text(str(SHARE_NICENESS), encoding="ascii")
        except BlockingIOError:
            time.sleep(_APART_S)
        except OSError:
            return False
        else:
            return True
    return False
