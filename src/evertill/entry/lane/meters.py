"""What the lane measures about itself; counted per batch, so that it costs next to nothing per request."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from evertill.kernel.errors import EvertillError

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

ANSWERS = Counter("evertill_answers", "Requests that were gathered, by what came of them.", ["batch", "outcome"])
BATCH_SECONDS = Histogram("evertill_batch_seconds", "How long a batch was at work.", ["batch"], buckets=_SECONDS)
BATCH_SIZE = Histogram("evertill_batch_requests", "How many requests a batch had.", ["batch"], buckets=_SIZES)
WAITING = Gauge("evertill_queue_requests", "Requests that wait for a batch.", ["batch"], multiprocess_mode="livesum")
STREAMS = Gauge("evertill_streams", "Streams of orders' events that are open.", multiprocess_mode="livesum")


def observe_batch(*, name: str, answers: Sequence[Any], seconds: float, waiting: int) -> None:
    """This function will count a batch: its size, its duration in seconds, what came of each request, who waits."""
    BATCH_SECONDS.labels(name).observe(seconds)
    BATCH_SIZE.labels(name).observe(len(answers))
    WAITING.labels(name).set(waiting)
    outcomes = Tally(answer.code if isinstance(answer, EvertillError) else "OK" for answer in answers)
    for outcome, count in outcomes.items():
        ANSWERS.labels(name, outcome).inc(count)
