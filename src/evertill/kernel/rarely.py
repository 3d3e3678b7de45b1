"""Not more often than so: keeps eager people from making others do the same thing again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic


class Rarely:
    """Admits each key once in `every_s` seconds, in this process. It remembers so many keys and forgets the oldest."""

    def __init__(self, *, every_s: float, keys_max: int = 10_000, clock: Callable[[], float] = monotonic) -> None:
        self._every_s = every_s
        self._keys_max = keys_max
        self._clock = clock
        self._last: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = threading.Lock()

    def admits(self, key: Hashable) -> bool:
        """This function will say whether it may be done now, and take note that it is."""
        now = self._clock()
        with self._lock:
            last = self._last.get(key)
            if last is not None and now - last < self._every_s:
                return False
            self._last[key] = now
            self._last.move_to_end(key)
            if len(self._last) > self._keys_max:
                self._last.popitem(last=False)
        return True
