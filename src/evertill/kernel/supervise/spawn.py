"""Starting one child: fork, cut it loose from the terminal, tie its life to ours, run."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import traceback
from typing import NoReturn

from .types import Child, Program

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_ALL_SIGNALS = signal.valid_signals()
# Loaded here, before any fork, because a forked child should not have to load libraries.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(*, sent: signal.Signals, parent: int) -> None:
    """This function will have the kernel send `sent` to this process when the process `parent` dies (Linux only).

    Call it in the child, after any change of user (which clears the order) and right before the work. When the parent
    has died meanwhile, this process ends at once.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def start(child: Child) -> int:
    """This function will start `child` in a session of its own and return its pid.

    The calling process must have a single thread. Signals are held back around the fork, so that the child never runs
    a handler of its parent.
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL_SIGNALS)
    try:
        pid = os.fork()
        if pid == 0:
            _live(child, parent=parent, mask=before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _live(child: Child, *, parent: int, mask: set[int | signal.Signals]) -> NoReturn:
    """The whole life of the forked child; nothing of the parent's stack is ever returned to."""
    code = 70
    try:
        _cut_loose()
        if isinstance(child.run, Program):
            _execute(child, child.run, parent=parent, mask=mask)
        _name_process(child.name)
        die_with_parent(sent=child.orphan_signal, parent=parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        child.run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 — a forked child must report anything at all and then end, never unwind.
        traceback.print_exc()
        code = 1
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _cut_loose() -> None:
    # A session of its own keeps the terminal's Ctrl-C for the supervisor, who stops its children in order.
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _execute(child: Child, program: Program, *, parent: int, mask: set[int | signal.Signals]) -> NoReturn:
    if program.output is not None:
        # Opened before the change of user and without following a link, because the folder may be the other user's.
        wanted = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        output = os.open(program.output, wanted, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
    if program.user is not None:
        become(program.user)
    # Python ignores it, so that a client who hangs up is an error and not an end; other programs expect the default.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.umask(0o077)
    os.chdir("/")
    die_with_parent(sent=child.orphan_signal, parent=parent)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.execve(program.argv[0], list(program.argv), dict(program.env))  # noqa: S606 — no shell is wanted.


def become(user: tuple[int, int]) -> None:
    """This function will give up the superuser's rights for those of `user` (uid, gid), for good."""
    uid, gid = user
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _name_process(name: str) -> None:
    # What `top` and `ps -o comm` show; the kernel keeps 15 bytes.
    if _libc is not None:
        _libc.prctl(_PR_SET_NAME, f"till {name}".encode()[:15], 0, 0, 0)
