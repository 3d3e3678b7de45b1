"""The streams of orders' events that this web worker has open, and the one task that feeds them all.

The task looks for news of the orders that it was told of by a notification, and of all of them every few seconds: a
notification that got lost costs seconds, and the database is asked once for all streams together. What a stream has
been told is its position among the order's events; whatever wakes it, it is told what comes after that, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import structlog

from evertill.entry.lane.listening import listen
from evertill.entry.lane.meters import STREAMS
from evertill.entry.lane.threads import in_thread
from evertill.journeys.watch_order import CHANNEL, EVENTS_MAX, Event, Story, watch_orders
from evertill.kernel import config, notices
from evertill.kernel.errors import EvertillError

log = structlog.get_logger(__name__)

# Orders that one look asks about.
_LOOK_MAX = 500
# Until the next look when the database does not answer.
_PAUSE_S = 1.0
# How much may wait to be told over a line that takes nothing.
_WAITING_MAX = 10 * EVENTS_MAX


class StreamsFull(EvertillError):
    """This web worker has as many streams open as it may, of this order or of all."""

    code = "STREAMS_FULL"
    status = "unavailable"
    kept = "Nothing was changed; the order can be read as ever."
    remedy = "Open the stream again after Retry-After seconds, or read the order now and then."


class Stream:
    """One open stream: what is to be told over it, and whether it ends then."""

    __slots__ = ("_bell", "is_over", "is_settled", "order_id", "position", "waiting")

    def __init__(self, order_id: int) -> None:
        self.order_id = order_id
        # None as long as it is not known from where on it is to be told.
        self.position: int | None = None
        self.waiting: list[Event] = []
        # There is no more to come for now, and its reader need not ask again.
        self.is_settled = False
        # It ends here, and its reader goes on elsewhere.
        self.is_over = False
        self._bell = asyncio.Event()

    def take_in(self, story: Story) -> None:
        """This function will have the stream told what it has not been told yet."""
        assert self.position is not None  # noqa: S101 — only streams that have begun are fed.
        news = [event for event in story.events if event.position > self.position]
        if news:
            self.position = news[-1].position
            self.waiting += news
        self.is_settled = story.is_settled
        if len(self.waiting) > _WAITING_MAX:
            # Its reader is gone or takes nothing; if he comes back, he says from where on.
            self.is_over = True
        if news or self.is_settled or self.is_over:
            self._bell.set()

    def end(self) -> None:
        """This function will end the stream once it has told what waits."""
        self.is_over = True
        self._bell.set()

    async def wait(self, seconds: float) -> None:
        """This function will wait until there is something to tell, but not longer than so."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        self._bell.clear()


class Streams:
    """All streams of this process; used by the loop's own thread alone."""

    def __init__(self) -> None:
        limits = config.get()
        self._count_max = limits.streams_max
        self._order_max = limits.order_streams_max
        self._look_s = limits.stream_look_s
        self._count = 0
        self._by_order: dict[int, set[Stream]] = {}
        self._due: set[int] = set()
        self._bell = asyncio.Event()
        self._feeder: asyncio.Task[None] | None = None
        self._is_closing = False

    @contextlib.contextmanager
    def place(self, order_id: int) -> Iterator[Stream]:
        """This function will give a stream a place while the block runs; raises StreamsFull."""
        of_order = self._by_order.get(order_id, set())
        if self._is_closing or self._count >= self._count_max or len(of_order) >= self._order_max:
            raise StreamsFull("As many streams are open as may be.", retry_after_s=1 if self._is_closing else 10)
        stream = Stream(order_id)
        self._by_order.setdefault(order_id, of_order).add(stream)
        self._count += 1
        STREAMS.set(self._count)
        try:
            yield stream
        finally:
            of_order.discard(stream)
            if not of_order:
                self._by_order.pop(order_id, None)
            self._count -= 1
            STREAMS.set(self._count)

    def begin(self, stream: Stream, *, after: int) -> None:
        """This function will have a stream told whatever happens after a position, and what has happened since."""
        stream.position = after
        self._call(stream.order_id)
        if self._feeder is None:
            self._feeder = asyncio.get_running_loop().create_task(self._feed())

    def close(self) -> None:
        """This function will end every stream, and open no more."""
        self._is_closing = True
        for stream in self._all():
            stream.end()

    def _all(self) -> list[Stream]:
        return [stream for streams in self._by_order.values() for stream in streams]

    def _call(self, order_id: int) -> None:
        self._due.add(order_id)
        self._bell.set()

    def _heard(self, payload: str) -> None:
        for order_id in notices.read(payload):
            if order_id in self._by_order:
                self._call(order_id)

    def _call_all(self) -> None:
        self._due.update(self._by_order)
        self._bell.set()

    async def _feed(self) -> None:
        listener = asyncio.get_running_loop().create_task(listen(CHANNEL, heard=self._heard, deaf=self._call_all))
        try:
            while self._by_order:
                await self._feed_once()
        finally:
            listener.cancel()
            self._feeder = None

    async def _feed_once(self) -> None:
        try:
            async with asyncio.timeout(self._look_s):
                await self._bell.wait()
        except TimeoutError:
            self._due.update(self._by_order)
        self._bell.clear()
        while self._due:
            asked = set(itertools.islice(self._due, _LOOK_MAX))
            self._due -= asked
            try:
                await self._look(asked)
            except Exception as error:
                # Streams outlive a database that is away; anything else is a mistake of ours, and told as one.
                if not isinstance(error, EvertillError):
                    log.exception("streams.failed")
                self._due |= asked
                await asyncio.sleep(_PAUSE_S)

    async def _look(self, order_ids: Iterable[int]) -> None:
        after = self._positions(order_ids)
        if not after:
            return
        stories = await in_thread(watch_orders, after=after)
        for order_id, story in stories.items():
            for stream in self._by_order.get(order_id, ()):
                # One that began meanwhile is behind what was asked for, and is called by its own beginning.
                if stream.position is not None and stream.position >= after[order_id]:
                    stream.take_in(story)
            if story.events:
                # Only a look that finds nothing new says whether more is to come, and there may be more than one takes.
                self._call(order_id)

    def _positions(self, order_ids: Iterable[int]) -> Mapping[int, int]:
        asked = {}
        for order_id in order_ids:
            told = [stream.position for stream in self._by_order.get(order_id, ()) if stream.position is not None]
            if told:
                asked[order_id] = min(told)
        return asked


@cache
def streams() -> Streams:
    """This function will return this process's streams."""
    return Streams()
