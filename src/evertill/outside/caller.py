"""Calls to one provider or gateway over HTTP: in a bounded time, a bounded number at once, behind a circuit breaker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import httpx

from evertill.domains.payments import ProviderUnavailable
from evertill.kernel.config import Config
from evertill.outside import breaker as breakers
from evertill.outside.breaker import Breaker

_OK, _OVERLOADED, _BROKEN = 200, 429, 500


class NotCalled(ProviderUnavailable):
    """The other side has surely done nothing: it was not called, or not reached, or said that it has too much to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it came: headers by lower-case name, and the raw body, over which a signature may stand."""

    status: int
    headers: Mapping[str, str]
    body: bytes


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

        Raises ProviderUnavailable when there is no such answer, or when none is expected; NotCalled where that is sure.
        """
        with self._within_limits():
            answer = self._client.request(method, path, headers=headers, json=body, params=query)
            _check(answer)
            return answer.status_code, answer.json()

    def exchange(self, method: str, path: str, *, headers: Mapping[str, str], content: bytes = b"") -> Answer:
        """This function will make a call and return the answer, status below 500, as it came and not yet believed.

        `path` goes out as it is, query and all, for those who sign it. Raises ProviderUnavailable as `call` does, and
        for an answer of more than `provider_answer_bytes_max`.
        """
        with self._within_limits():
            body = bytearray()
            limit = self._settings.provider_answer_bytes_max
            with self._client.stream(method, path, headers=headers, content=content) as answer:
                _check(answer)
                for part in self._read(answer, limit=limit, seconds=self._settings.provider_timeout_ms / 1000):
                    body += part
            return Answer(status=answer.status_code, headers=answer.headers, body=bytes(body))

    def download(self, url: str, *, headers: Mapping[str, str], into: BinaryIO) -> None:
        """This function will write a file of the provider's into an open one.

        Raises ProviderUnavailable for any status but 200, past `bill_bytes_max`, and past `bill_timeout_s`.
        """
        with self._within_limits(), self._client.stream("GET", url, headers=headers) as answer:
            if answer.status_code != _OK:
                raise httpx.HTTPError(f"status {answer.status_code}")
            limit = self._settings.bill_bytes_max
            into.writelines(self._read(answer, limit=limit, seconds=self._settings.bill_timeout_s))

    def close(self) -> None:
        """This function will close the connections."""
        self._client.close()

    @contextmanager
    def _within_limits(self) -> Iterator[None]:
        """One call at most goes on in here; whatever goes wrong in it with the other side is ProviderUnavailable."""
        if not self._free.acquire(blocking=False):
            raise NotCalled(f"{self._name} is being called as often as it may be.")
        try:
            self._admit()
            try:
                yield
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                self._note(is_answered=False)
                kind = NotCalled if isinstance(error, _NOTHING_DONE) else ProviderUnavailable
                raise kind(f"{self._name} does not answer: {type(error).__name__}.") from error
            self._note(is_answered=True)
        finally:
            self._free.release()

    def _read(self, answer: httpx.Response, *, limit: int, seconds: float) -> Iterator[bytes]:
        """The parts of a body within a size and a time; each part alone may already take the client's time-out."""
        until = self._monotonic() + seconds
        size = 0
        for part in answer.iter_bytes():
            size += len(part)
            if size > limit or self._monotonic() > until:
                raise httpx.HTTPError("too large, or too slow")
            yield part

    def _admit(self) -> None:
        with self._lock:
            now = self._monotonic()
            if not breakers.admits(self._breaker, now=now):
                raise NotCalled(f"{self._name} did not answer lately and is not called for a while.")
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


class _TooMuchToDo(httpx.HTTPError):
    """The other side has more to do than it can (429): what it was asked is not done."""


_NOTHING_DONE = (_TooMuchToDo, httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def _check(answer: httpx.Response) -> None:
    if answer.status_code == _OVERLOADED:
        raise _TooMuchToDo("status 429")
    if answer.status_code >= _BROKEN:
        raise httpx.HTTPError(f"status {answer.status_code}")
