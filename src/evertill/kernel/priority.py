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


def _shrink_share(pid: int) -> bool:
    """Make the session of its leader a small one, and say whether there is such a thing here."""
    share = Path(f"/proc/{pid}/autogroup")
    for _ in range(_TRIES):
        try:
            share.write_text(str(SHARE_NICENESS), encoding="ascii")
        except BlockingIOError:
            time.sleep(_APART_S)
        except OSError:
            return False
        else:
            return _is_shared()
    return False


def _is_shared() -> bool:
    try:
        return Path("/proc/sys/kernel/sched_autogroup_enabled").read_text(encoding="ascii").strip() == "1"
    except OSError:
        return False
