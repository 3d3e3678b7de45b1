"""Calls to one provider over HTTP: with a time limit, a bound on how many at a time, and a circuit breaker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx

from evertill.domains.payments import ProviderUnavailable
from evertill.kernel.config import Config
from evertill.outside import breaker as breakers
from evertill.outside.breaker import Breaker

T = TypeVar("T")
# What to make of an answer whose status is below 500.
Read = Callable[[httpx.Response], T]

_OVERLOADED, _BROKEN = 429, 500


class Caller:
    """One provider's address. It may be called from many threads; those beyond the bound are refused, not kept."""

    def __init__(
        self, *, name: str, url: str, settings: Config, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._settings = settings
        self._free = threading.BoundedSemaphore(self._settings.provider_calls_max)
        self._lock = threading.Lock()
        self._breaker = Breaker()
        self._monotonic = monotonic
        # The environment's proxies are not for money: a provider is reached at the address that was set, or not.
        self._client = httpx.Client(
            base_url=url, timeout=self._settings.provider_timeout_ms / 1000, trust_env=False, follow_redirects=False
        )

    @property
    def is_available(self) -> bool:
        """Whether a call would be made, and not refused because of those before it."""
        with self._lock:
            return breakers.admits(self._breaker, now=self._monotonic())

    def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """This function will make a call and return the status, below 500, and the JSON of the answer.

        Raises ProviderUnavailable when there is no such answer, or when none is expected.
        """
        return self._guarded(
            lambda: self._client.request(method, path, headers=headers, json=body, params=query),
            read=lambda answer: (answer.status_code, answer.json()),
        )

    def send(self, method: str, url: str, *, headers: Mapping[str, str], content: str | None, read: Read[T]) -> T:
        """This function will make a call whose body is written already, and return what `read` makes of the answer.

        Raises ProviderUnavailable as `call` does, and when `read` raises ValueError.
        """
        return self._guarded(lambda: self._client.request(method, url, headers=headers, content=content), read=read)

    def close(self) -> None:
        """This function will close the connections."""
        self._client.close()

    def _guarded(self, ask: Callable[[], httpx.Response], *, read: Read[T]) -> T:
        if not self._free.acquire(blocking=False):
            raise ProviderUnavailable(f"{self._name} is being called as often as it may be.")
        try:
            self._admit()
            try:
                answer = ask()
                if answer.status_code == _OVERLOADED or answer.status_code >= _BROKEN:
                    raise httpx.HTTPError(f"status {answer.status_code}")
                told = read(answer)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                self._note(is_answered=False)
                raise ProviderUnavailable(f"{self._name} does not answer: {type(error).__name__}.") from error
            self._note(is_answered=True)
            return told
        finally:
            self._free.release()

    def _admit(self) -> None:
        with self._lock:
            now = self._monotonic()
            if not breakers.admits(self._breaker, now=now):
                raise ProviderUnavailable(f"{self._name} did not answer lately and is not called for a while.")
            self._breaker = breakers.called(self._breaker, now=now, rest_s=self._settings.provider_rest_s)

    def _note(self, *, is_answered: bool) -> None:
        with self._lock:
            self._breaker = (
                breakers.answered()
                if is_answered
                else breakers.failed(
                    self._breaker,
                    now=self._monotonic(),
                    failures_max=self._settings.provider_failures_max,
                    rest_s=self._settings.provider_rest_s,
                )
            )
