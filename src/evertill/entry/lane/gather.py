"""Gathers requests of one kind into batches, so that a flood costs one transaction per hundreds and not one each.

While one batch is at work, the next one collects; nothing waits for a timer. A lone request goes through at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, perf_counter, sleep
from typing import Generic, TypeVar

import structlog

from evertill.entry.lane.meters import observe_batch
from evertill.kernel import db
from evertill.kernel.errors import EvertillError

log = structlog.get_logger(__name__)

# Between two tries to reach a database that is away.
_PAUSE_S = 0.05

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


class Overloaded(EvertillError):
    """More requests are waiting than the bound allows."""

    code = "OVERLOADED"
    status = "unavailable"
    remedy = "Send the same request again in a moment, with the same Idempotency-Key."


class Failed(EvertillError):
    """The request met an error that nobody foresaw; it is in the shop's log."""

    code = "INTERNAL"
    status = "internal"
    kept = "Nothing of this request was kept."
    remedy = "Send the same request again later; if it fails again, tell the shop the time and what you sent."


class Gather(Generic[Ask, Answer]):
    """A bounded queue in front of a function that answers many requests in one call.

    `work` takes a sequence and returns as many answers in the same places; it runs in one thread of its own, one batch
    at a time. `weigh` tells how much of a batch's `weight_max` a request takes. `patience_s` is how long a batch waits
    for a database that is away, in seconds.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Ask]], Sequence[Answer]],
        *,
        name: str,
        weigh: Callable[[Ask], int],
        count_max: int,
        weight_max: int,
        queue_max: int,
        patience_s: float,
    ) -> None:
        self._work = work
        self._name = name
        self._weigh = weigh
        self._count_max = count_max
        self._weight_max = weight_max
        self._queue_max = queue_max
        self._patience_s = patience_s
        self._queue: deque[tuple[Ask, asyncio.Future[Answer]]] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._runner: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Requests that wait for a batch."""
        return len(self._queue)

    @property
    def is_full(self) -> bool:
        """Whether the next request would be turned away."""
        return len(self._queue) >= self._queue_max

    def submit(self, ask: Ask) -> asyncio.Future[Answer]:
        """This function will queue a request and return its future answer; raises Overloaded past the bound."""
        if len(self._queue) >= self._queue_max:
            raise Overloaded("Too many requests are waiting.", retry_after_s=1)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._queue.append((ask, future))
        if self._runner is None:
            # The task starts in the loop's next turn, so what arrived in this turn shares its batch.
            self._runner = loop.create_task(self._run())
        return future

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._queue:
                batch = self._take()
                answers = await loop.run_in_executor(self._thread, self._answer, [ask for ask, _ in batch])
                for (_, future), answer in zip(batch, answers, strict=True):
                    if future.done():
                        continue
                    if isinstance(answer, EvertillError):
                        future.set_exception(answer)
                    else:
                        future.set_result(answer)
        finally:
            self._runner = None

    def _take(self) -> list[tuple[Ask, asyncio.Future[Answer]]]:
        batch: list[tuple[Ask, asyncio.Future[Answer]]] = []
        weight = 0
        while self._queue and len(batch) < self._count_max:
            weight += self._weigh(self._queue[0][0])
            if batch and weight > self._weight_max:
                break
            batch.append(self._queue.popleft())
        return batch

    def _answer(self, asked: list[Ask]) -> Sequence[Answer | EvertillError]:
        started = perf_counter()
        answers = self._answer_safely(asked)
        observe_batch(name=self._name, answers=answers, seconds=perf_counter() - started, waiting=len(self._queue))
        return answers

    def _answer_safely(self, asked: list[Ask]) -> Sequence[Answer | EvertillError]:
        try:
            return self._work_patiently(asked)
        except (db.OutcomeUnknown, db.DatabaseUnavailable) as error:
            log.warning("batch.unavailable", batch=self._name, count=len(asked), error=error.code)
            return [_copy(error) for _ in asked]
        except Exception:
            log.exception("batch.failed", batch=self._name, count=len(asked))
        # A request that breaks its batch must harm only itself.
        return [self._answer_one(ask) for ask in asked]

    def _work_patiently(self, asked: list[Ask]) -> Sequence[Answer]:
        # A restart of the database takes a second or so: a wait that nobody minds beats a refusal. Nothing was written,
        # so doing it again is doing it once.
        deadline = monotonic() + self._patience_s
        while True:
            try:
                return self._work(asked)
            except db.DatabaseBusy:
                raise
            except db.DatabaseUnavailable:
                if monotonic() + _PAUSE_S > deadline:
                    raise
            sleep(_PAUSE_S)

    def _answer_one(self, ask: Ask) -> Answer | EvertillError:
        try:
            return self._work([ask])[0]
        except EvertillError as error:
            return error
        except Exception:
            log.exception("request.failed", batch=self._name)
            return Failed("The request could not be worked on.")

    async def close(self) -> None:
        """This function will wait for the work under way and stop the thread."""
        if self._runner is not None:
            await asyncio.shield(self._runner)
        await asyncio.get_running_loop().run_in_executor(self._thread, db.close)
        self._thread.shutdown(wait=False)


def _copy(error: EvertillError) -> EvertillError:
    # Each caller raises his own: one exception object in many tasks would collect all their tracebacks.
    return type(error)(error.detail, retry_after_s=1, **error.facts)
