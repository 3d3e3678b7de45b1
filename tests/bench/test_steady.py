"""The steady load counts what customers would have waited, not what a patient program happened to see."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest

from bench.load import steady


@contextmanager
def _server(*, stall_at: int = 0, stall_s: float = 0.0, refuse_every: int = 0) -> Iterator[int]:
    """A server on a free port that answers at once, but once holds an answer back, or refuses now and then."""
    numbers = count(1)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            number = next(numbers)
            if number == stall_at:
                time.sleep(stall_s)
            self.send_response(503 if refuse_every and number % refuse_every == 0 else 201)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — its name upstream.
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class TestSteady:
    def test_counts_the_wait_of_everyone_who_was_due_during_a_stall(self) -> None:
        with _server(stall_at=20, stall_s=0.5) as port:
            seen = steady.run(host="127.0.0.1", port=port, rate=100, connections=1, skus=10, warm_s=0, measure_s=1)

        # A closed loop would have seen one slow answer in fifty; half of all customers came during the stall.
        assert (seen.asked, seen.placed, seen.refused, seen.broken) == (100, 100, 0, 0)
        assert seen.max_ms >= 490
        assert seen.p90_ms >= 350

    def test_keeps_the_refused_apart_from_the_placed(self) -> None:
        with _server(refuse_every=10) as port:
            seen = steady.run(host="127.0.0.1", port=port, rate=200, connections=8, skus=10, warm_s=0, measure_s=1)

        assert (seen.asked, seen.placed, seen.refused, seen.broken) == (200, 180, 20, 0)


class TestPercentile:
    @pytest.mark.parametrize(("share", "expected"), [(50, 50), (99, 99), (99.9, 100), (100, 100), (0.1, 1)])
    def test_is_the_nearest_rank(self, share: float, expected: int) -> None:
        assert steady.percentile(list(range(1, 101)), share) == expected
