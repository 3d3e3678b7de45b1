"""The loop: one thread, woken by signals, that decides what to start, what to bring back and what to stop."""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from . import spawn
from .types import Child, ChildFailed, Program

# The first restart is immediate; then 0.1 s, doubled each time up to 30 s, forgotten after a healthy minute.
_BACKOFF_SECONDS_MIN = 0.1
_BACKOFF_SECONDS_MAX = 30.0
_HEALTHY_SECONDS = 60.0
_POLL_SECONDS = 0.02
_KILL_SECONDS = 5.0
# A terminal and a wrapper (make, timeout) often deliver one Ctrl-C twice; only a later one means "hurry".
_SECOND_SIGNAL_SECONDS = 0.5
# By this one a shop is closed that is to open again. It says so itself: whoever sends it may be gone a moment later.
CLOSE_FOR_A_WHILE = signal.SIGUSR1
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, CLOSE_FOR_A_WHILE)


def _nothing(*_: object) -> None:
    return


def supervise(
    children: Sequence[Child],
    *,
    tell: Callable[[str], None],
    on_ready: Callable[[], None] = _nothing,
    on_closing: Callable[[], None] = _nothing,
    on_change: Callable[[Mapping[str, int]], None] = _nothing,
    on_tick: Callable[[], None] = _nothing,
) -> bool:
    """This function will run `children` until SIGTERM, SIGINT or SIGHUP, and return when all of them are gone.

    It returns whether they are to run again: that is so where CLOSE_FOR_A_WHILE ended them, and nothing else.

    The caller must have one thread and no database connection, because children are forked from it. `tell` gets a line
    for people whenever a child dies or must be hurried; `on_ready` is called once, when the last stage is ready;
    `on_closing` once, before the first child is asked to stop; `on_change` gets the pids by name whenever they change;
    `on_tick` is called at every turn of the loop, which is each 20 ms until ready.

    Raises ChildFailed, after stopping everything, when a child that runs once ends with an error.
    """
    supervisor = _Supervisor(children, tell=tell, on_ready=on_ready, on_closing=on_closing, on_change=on_change)
    with _wakeups() as wait:
        try:
            while not supervisor.over:
                supervisor.note_signals(wait(supervisor.pause_seconds()))
                supervisor.turn()
                on_tick()
            # What was said while the last one ended counts too.
            supervisor.note_signals(wait(0.0))
        except BaseException:
            supervisor.abandon()
            raise
    supervisor.raise_failure()
    return supervisor.is_to_reopen


@contextmanager
def _wakeups() -> Iterator[Callable[[float], bytes]]:
    """Signals become bytes in a socket pair that the loop sleeps on, so none is lost and none interrupts a step."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    # `nohup` asks for SIGHUP to be ignored by ignoring it before us.
    heard = [number for number in _STOPPING if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    handlers = {number: signal.signal(number, _nothing) for number in (*heard, signal.SIGCHLD)}
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

    def wait(seconds: float) -> bytes:
        ready, _, _ = select.select([reader], [], [], seconds)
        return reader.recv(4096) if ready else b""

    try:
        yield wait
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        reader.close()
        writer.close()


@dataclass(slots=True, kw_only=True)
class _Slot:
    """A child and where it stands. Moments are of the monotonic clock."""

    child: Child
    pid: int = 0
    started_at: float = 0.0
    ready: bool = False
    # Was ready once, or has done its one run: the next stage need not wait for it any more.
    settled: bool = False
    failures: int = 0
    due_at: float = 0.0
    slow_at: float = 0.0
    # When the next, harder signal is due; 0.0 while none was sent.
    harder_at: float = 0.0
    hurried: bool = False

    @property
    def wanted(self) -> bool:
        return not self.pid and not (self.child.once and self.settled)


class _Supervisor:
    def __init__(
        self,
        children: Sequence[Child],
        *,
        tell: Callable[[str], None],
        on_ready: Callable[[], None],
        on_closing: Callable[[], None],
        on_change: Callable[[Mapping[str, int]], None],
    ) -> None:
        self.slots = [_Slot(child=child) for child in children]
        self.stages = sorted({child.stage for child in children})
        self.stage = self.stages[0]
        self.tell, self.on_ready, self.on_closing, self.on_change = tell, on_ready, on_closing, on_change
        self.announced = self.frozen = self.over = False
        self.closing_since: float | None = None
        self.is_to_reopen = False
        self.failure: ChildFailed | None = None
        self.known: dict[str, int] = {}

    def pause_seconds(self) -> float:
        """How long nothing can happen unless a signal comes."""
        alive = [slot for slot in self.slots if slot.pid]
        if self.closing_since is not None or not self.announced or any(not slot.ready for slot in alive):
            return _POLL_SECONDS
        due = [slot.due_at for slot in self.slots if slot.wanted]
        return max(0.0, min([_HEALTHY_SECONDS, *(at - time.monotonic() for at in due)]))

    def note_signals(self, numbers: Iterable[int]) -> None:
        now = time.monotonic()
        for number in numbers:
            if number not in _STOPPING:
                continue
            if self.closing_since is None:
                self.is_to_reopen = number == CLOSE_FOR_A_WHILE
                self._begin_closing()
            elif number != CLOSE_FOR_A_WHILE:
                # Somebody wants it closed for good, whatever it was closing for.
                self.is_to_reopen = False
                if not self.over and now - self.closing_since > _SECOND_SIGNAL_SECONDS:
                    self._hurry_all(now)

    def turn(self) -> None:
        self._reap()
        if self.closing_since is None:
            self._open()
        else:
            self._close()
        pids = {slot.child.name: slot.pid for slot in self.slots if slot.pid}
        if pids != self.known:
            self.known = pids
            self.on_change(pids)

    def raise_failure(self) -> None:
        if self.failure is not None:
            raise self.failure

    def abandon(self) -> None:
        """The supervisor itself has failed: hand every child the signal that it would get at our death."""
        for slot in self.slots:
            if slot.pid:
                _send(slot.pid, slot.child.orphan_signal)

    def _open(self) -> None:
        now = time.monotonic()
        for slot in self.slots:
            if slot.child.stage > self.stage:
                continue
            if slot.wanted and now >= slot.due_at:
                self._start(slot, now)
            elif slot.pid and not slot.ready:
                self._look(slot, now)
        if all(slot.settled for slot in self.slots if slot.child.stage <= self.stage):
            self._next_stage()

    def _next_stage(self) -> None:
        later = [stage for stage in self.stages if stage > self.stage]
        if later:
            self.stage = later[0]
        elif not self.announced:
            self.announced = True
            self.on_ready()

    def _start(self, slot: _Slot, now: float) -> None:
        if not self.frozen and not isinstance(slot.child.run, Program):
            # Objects made so far are never collected again, so their pages stay shared between the forked children.
            gc.collect()
            gc.freeze()
            self.frozen = True
        slot.pid = spawn.start(slot.child)
        slot.started_at, slot.ready = now, False
        slot.slow_at = now + slot.child.ready_seconds

    def _look(self, slot: _Slot, now: float) -> None:
        if slot.child.once:
            slot.ready = True
        elif slot.child.ready(slot.pid):
            slot.ready = slot.settled = True
        elif now >= slot.slow_at:
            slot.slow_at = now + slot.child.ready_seconds
            self.tell(f"{slot.child.name} is not ready after {now - slot.started_at:.0f} s; still waiting for it.")

    def _reap(self) -> None:
        by_pid = {slot.pid: slot for slot in self.slots if slot.pid}
        # As the first process of a container this one also inherits strangers' children; they are reaped, no more.
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if pid in by_pid:
                    _send_group(pid, signal.SIGKILL)
                    self._ended(by_pid[pid], os.waitstatus_to_exitcode(status))

    def _ended(self, slot: _Slot, code: int) -> None:
        slot.pid, now = 0, time.monotonic()
        if self.closing_since is not None:
            return
        if slot.child.once:
            slot.settled = code == 0
            if not slot.settled:
                self.failure = ChildFailed(
                    f"{slot.child.name} ended with {_how(code)}.", name=slot.child.name, code=code
                )
                self._begin_closing()
            return
        if now - slot.started_at >= _HEALTHY_SECONDS:
            slot.failures = 0
        slot.failures += 1
        wait = _backoff_seconds(slot.failures)
        slot.due_at = now + wait
        self.tell(_report(slot, how=_how(code), wait=wait))

    def _begin_closing(self) -> None:
        self.closing_since = time.monotonic()
        self.stage = self.stages[-1]
        self.on_closing()

    def _close(self) -> None:
        now = time.monotonic()
        alive = [slot for slot in self.slots if slot.pid and slot.child.stage >= self.stage]
        for slot in alive:
            if not slot.harder_at:
                _send(slot.pid, slot.child.stop_signal)
                slot.harder_at = now + slot.child.stop_seconds
            elif now >= slot.harder_at:
                self.tell(f"{slot.child.name} has not stopped by itself; making it stop.")
                self._hurry(slot, now)
        if alive:
            return
        earlier = [stage for stage in self.stages if stage < self.stage]
        if earlier:
            self.stage = earlier[-1]
        else:
            self.over = True

    def _hurry_all(self, now: float) -> None:
        self.tell("Hurrying: what is not finished is cut off. No acknowledged work is lost.")
        for slot in self.slots:
            if slot.pid:
                self._hurry(slot, now)

    def _hurry(self, slot: _Slot, now: float) -> None:
        wanted = signal.SIGKILL if slot.hurried else slot.child.hurry_signal
        _send(slot.pid, wanted)
        if wanted == signal.SIGKILL:
            _send_group(slot.pid, wanted)
        slot.hurried, slot.harder_at = True, now + _KILL_SECONDS


def _backoff_seconds(failures: int) -> float:
    if failures <= 1:
        return 0.0
    # The exponent is bounded too: a child may fail for years.
    return min(_BACKOFF_SECONDS_MAX, _BACKOFF_SECONDS_MIN * 2.0 ** min(failures - 2, 20))


def _report(slot: _Slot, *, how: str, wait: float) -> str:
    name = slot.child.name
    said = _last_words(slot.child)
    if slot.failures == 1:
        return f"{name} ended with {how}; starting it again.{said}"
    return f"{name} keeps ending: {how}, {slot.failures} times in a row; next try in {wait:.1f} s.{said}"


def _last_words(child: Child) -> str:
    if not isinstance(child.run, Program) or child.run.output is None:
        return ""
    with suppress(OSError):
        lines = child.run.output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if lines:
            return f" Its last words: {' / '.join(lines[-2:])}"
    return ""


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _send_group(pid: int, number: signal.Signals) -> None:
    # A child leads a process group of its own name, so whatever it started goes with it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
