"""Looks at pages at a constant rate, as a process: `python -m bench.load.views HOST PORT RATE SECONDS PATH …`.

It sends to the one host that it is given, for so many seconds, ends by itself, and prints what it saw as JSON.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time

_AT_ONCE = 4
_SECONDS_MAX = 120


class Views:
    """What became of the looks so far; several threads count."""

    def __init__(self) -> None:
        self.seen = self.failed = 0
        self._lock = threading.Lock()

    def count(self, *, is_seen: bool) -> None:
        """This function will count one look."""
        with self._lock:
            self.seen += is_seen
            self.failed += not is_seen


def look(*, host: str, port: int, rate: float, seconds: float, paths: list[str]) -> Views:
    """This function will look at the paths in turn, `rate` a second for `seconds`, over a few connections."""
    views = Views()
    start = time.monotonic()

    def go(first: int) -> None:
        connection = http.client.HTTPConnection(host, port, timeout=10)
        for number in range(first, int(rate * seconds), _AT_ONCE):
            time.sleep(max(start + number / rate - time.monotonic(), 0))
            if time.monotonic() - start > seconds:
                break
            try:
                connection.request("GET", paths[number % len(paths)], headers={"Accept-Encoding": "gzip"})
                answer = connection.getresponse()
                answer.read()
                views.count(is_seen=answer.status == 200)
            except (OSError, http.client.HTTPException):
                views.count(is_seen=False)
                connection.close()
        connection.close()

    threads = [threading.Thread(target=go, args=(first,)) for first in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return views


def main() -> None:
    """This function will do what the command line asks."""
    host, port, rate, seconds, *paths = sys.argv[1:]
    views = look(host=host, port=int(port), rate=float(rate), seconds=min(float(seconds), _SECONDS_MAX), paths=paths)
    print(json.dumps({"seen": views.seen, "failed": views.failed}))


if __name__ == "__main__":
    main()
