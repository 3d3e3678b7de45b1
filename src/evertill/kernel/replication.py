"""PostgreSQL's write-ahead log as it is written, received over the streaming replication protocol.

Said in https://www.postgresql.org/docs/current/protocol-replication.html. psycopg brings libpq's COPY BOTH, which is
all that the protocol needs; it knows nothing of what the log says.
"""

from __future__ import annotations

import datetime as dt
import re
import select
import struct
import time
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import pq

from evertill.kernel.errors import EvertillError

_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_WAL = struct.Struct("!cqqq")
_ALIVE = struct.Struct("!cqq?")
_STATUS = struct.Struct("!cqqqq?")
_SLOT = re.compile(r"[a-z0-9_]{1,63}")

# Nobody answers the server while a copy is under way; a connection that is really gone is noticed by TCP.
_OPTIONS = "options=-c%20wal_sender_timeout%3D0&keepalives_idle=10&keepalives_interval=5&keepalives_count=3"


class StreamBroken(EvertillError):
    """The server does not give its log, or stopped giving it."""

    code = "WAL_STREAM_BROKEN"
    status = "unavailable"
    kept = "The server keeps the log until it has been taken."
    remedy = "Nothing is to be done when the server only restarts; otherwise do what its words say."


class TimelineEnded(Exception):
    """The server was promoted: its log goes on in `timeline` from `at` on."""

    def __init__(self, *, timeline: int, at: int) -> None:
        super().__init__(f"the log goes on in timeline {timeline} from {lsn_text(at)} on")
        self.timeline, self.at = timeline, at


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What a server says of itself: its identifier, the timeline it is in, and how far its log is on the disk."""

    identifier: str
    timeline: int
    flushed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What a server keeps its log for: from `position` on, or no longer when it had no room left."""

    position: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A stretch of the log: its bytes from `start` on, and when the server sent the last of them by its own clock."""

    start: int
    data: bytes
    sent_at: dt.datetime

    @property
    def end(self) -> int:
        """The position behind its last byte."""
        return self.start + len(self.data)


def lsn_text(lsn: int) -> str:
    """This function will write a position as PostgreSQL does, such as 0/16B3740."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def read_lsn(text: str) -> int:
    """This function will read a position that PostgreSQL wrote; raises ValueError."""
    high, _, low = text.partition("/")
    return int(high, 16) << 32 | int(low, 16)


class Stream:
    """One connection over which a server sends its log. Not for more than one thread."""

    def __init__(self, url: str, *, name: str) -> None:
        """This function will connect, under `name` as the server shows it; raises StreamBroken."""
        parts = urlsplit(url)
        query = "&".join(filter(None, (parts.query, "replication=true", f"application_name={name}", _OPTIONS)))
        self._server = pq.PGconn.connect(urlunsplit(parts._replace(query=query)).encode())
        if self._server.status != pq.ConnStatus.OK:
            raise self._broken()
        self._reported = 0

    @property
    def socket(self) -> int:
        """What can be waited for."""
        return self._server.socket

    def identify(self) -> System:
        """This function will ask the server who it is; raises StreamBroken."""
        identifier, timeline, flushed, _ = self._ask("IDENTIFY_SYSTEM")
        return System(identifier=identifier, timeline=int(timeline), flushed=read_lsn(flushed))

    def show(self, setting: str) -> str:
        """This function will return a setting of the server; raises StreamBroken."""
        (value,) = self._ask(f"SHOW {setting}")
        return value

    def find_slot(self, slot: str) -> Slot | None:
        """This function will look for a slot; raises StreamBroken."""
        kind, position, _ = self._ask(f"READ_REPLICATION_SLOT {_checked(slot)}")
        return Slot(position=read_lsn(position) if position else None) if kind else None

    def make_slot(self, slot: str) -> int:
        """This function will have the server keep its log until it is confirmed, and return from where on.

        Raises StreamBroken.
        """
        self._ask(f"CREATE_REPLICATION_SLOT {_checked(slot)} PHYSICAL RESERVE_WAL")
        made = self.find_slot(slot)
        if made is None or made.position is None:
            raise self._broken()
        return made.position

    def drop_slot(self, slot: str) -> None:
        """This function will have the server forget a slot, and what it kept for it; raises StreamBroken."""
        self._ask(f"DROP_REPLICATION_SLOT {_checked(slot)}")

    def history(self, timeline: int) -> bytes:
        """This function will return the history file of a timeline from 2 on; raises StreamBroken."""
        result = self._server.exec_(f"TIMELINE_HISTORY {timeline}".encode())
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise self._broken()
        return result.get_value(0, 1) or b""

    def start(self, *, slot: str, at: int, timeline: int) -> None:
        """This function will have the server send its log from `at` on; raises StreamBroken."""
        asked = f"START_REPLICATION SLOT {_checked(slot)} PHYSICAL {lsn_text(at)} TIMELINE {timeline}"
        if self._server.exec_(asked.encode()).status != pq.ExecStatus.COPY_BOTH:
            raise self._broken()
        self._server.nonblocking = 1
        self._reported = at

    def read(self, *, wait_s: float, gather_s: float, bytes_max: int, wakeup: int | None = None) -> Received | None:
        """This function will wait up to `wait_s` for the log, then gather for `gather_s` or up to about `bytes_max`.

        None means that nothing came, or that there was something to read at the file descriptor `wakeup`. Raises
        StreamBroken, and TimelineEnded when everything of this timeline has been read.
        """
        try:
            return self._read(wait_s=wait_s, gather_s=gather_s, bytes_max=bytes_max, wakeup=wakeup)
        except psycopg.OperationalError as error:
            raise self._broken() from error

    def _read(self, *, wait_s: float, gather_s: float, bytes_max: int, wakeup: int | None) -> Received | None:
        pieces: list[bytes] = []
        start = size = 0
        sent_at = _EPOCH
        until = time.monotonic() + wait_s
        while size < bytes_max:
            length, message = self._server.get_copy_data(1)
            if length > 0:
                kind = bytes(message[:1])
                if kind == b"w":
                    _, at, _, clock = _WAL.unpack_from(message)
                    if not pieces:
                        start, until = at, time.monotonic() + gather_s
                    pieces.append(bytes(message[_WAL.size :]))
                    size += len(message) - _WAL.size
                    sent_at = _EPOCH + dt.timedelta(microseconds=clock)
                elif kind == b"k" and _ALIVE.unpack_from(message)[3]:
                    self.confirm(self._reported)
            elif length < 0:
                if pieces:
                    break
                raise self._ended(length)
            elif not self._wait(until - time.monotonic(), wakeup):
                break
        return Received(start=start, data=b"".join(pieces), sent_at=sent_at) if pieces else None

    def confirm(self, lsn: int) -> None:
        """This function will tell the server that everything before `lsn` is safe elsewhere; raises StreamBroken."""
        self._reported = lsn
        # The server's own clock is no business of ours, so the moment is left at its epoch.
        try:
            self._server.put_copy_data(_STATUS.pack(b"r", lsn, lsn, lsn, 0, False))
            while self._server.flush():
                select.select([], [self._server.socket], [], 1.0)
        except psycopg.OperationalError as error:
            raise self._broken() from error

    def close(self) -> None:
        """This function will end the connection."""
        self._server.finish()

    def _wait(self, seconds: float, wakeup: int | None) -> bool:
        if seconds <= 0:
            return False
        heard = [self._server.socket] if wakeup is None else [self._server.socket, wakeup]
        ready, _, _ = select.select(heard, [], [], seconds)
        if self._server.socket not in ready:
            return False
        self._server.consume_input()
        return True

    def _ask(self, command: str) -> list[str]:
        result = self._server.exec_(command.encode())
        if result.status == pq.ExecStatus.COMMAND_OK:
            return []
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise self._broken()
        return [(result.get_value(0, column) or b"").decode() for column in range(result.nfields)]

    def _ended(self, length: int) -> Exception:
        if length == -1:
            # The server has ended the copy; it waits for us to do the same, and then says where its log goes on.
            self._server.nonblocking = 0
            self._server.put_copy_end()
            result = self._server.get_result()
            if result is not None and result.status == pq.ExecStatus.TUPLES_OK:
                timeline, at = ((result.get_value(0, column) or b"").decode() for column in range(2))
                return TimelineEnded(timeline=int(timeline), at=read_lsn(at))
        return self._broken()

    def _broken(self) -> StreamBroken:
        said = " ".join(self._server.error_message.decode("utf-8", "replace").split())
        return StreamBroken(f"The server does not give its log: {said or 'the connection ended'}.")


def _checked(slot: str) -> str:
    if not _SLOT.fullmatch(slot):
        raise ValueError(slot)
    return slot
