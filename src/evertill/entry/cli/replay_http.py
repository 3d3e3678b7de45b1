"""How a replay asks over HTTP: some requests at a time, each tried again where that makes sense."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from evertill.kernel.errors import EvertillError

Item = TypeVar("Item")

TRIES_MAX = 10
_WAIT_FIRST_S, _WAIT_MAX_S = 0.25, 10.0
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_UNAUTHORIZED, _FORBIDDEN, _SERVER_ERROR = 401, 403, 500


class ReplayStopped(EvertillError):
    """The replay cannot go on."""

    code = "REPLAY_STOPPED"
    status = "unavailable"
    kept = "Every order that was placed stands, and none stands twice; so does every payment and every refund."
    remedy = "See that the shop is open and run the same command again: it goes on where it stopped."


class TokenRefused(ReplayStopped):
    """The shop does not accept the API token, or it may not do this."""

    code = "TOKEN_REFUSED"
    remedy = (
        "Check that --url is the shop that --data or DATABASE_URL names, and that a --token has the scopes orders:price"
        " and orders:refund; then run the same command again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that is no reason to try again: a success, or a refusal with `code` and `detail`."""

    status: int
    told: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def is_success(self) -> bool:
        """Whether it was done, or had been."""
        return httpx.codes.is_success(self.status)

    @property
    def is_repeat(self) -> bool:
        """Whether it had been done by an earlier request."""
        return self.headers.get("idempotency-replayed") == "true"

    @property
    def code(self) -> str:
        """The name of a refusal."""
        return str(self.told.get("code", self.status))

    @property
    def detail(self) -> str:
        """The reason of a refusal."""
        return str(self.told.get("detail", "No reason was given."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Connections to somebody, and who is told when something has to be tried again."""

    client: httpx.AsyncClient
    name: str
    on_wait: Callable[[str], None]

    async def ask(
        self, method: str, path: str, *, about: str, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """This function will ask until there is an answer, at most TRIES_MAX times, with the same bytes each time.

        Raises TokenRefused for 401 and 403, and ReplayStopped when there is no answer in the end.
        """
        reason = ""
        for tried in range(TRIES_MAX):
            wait_s = wait_after(tried)
            try:
                response = await self.client.request(method, path, content=content, headers=headers)
            except httpx.TransportError as cause:
                # Whether it arrived is not known; the key makes asking again harmless.
                reason = f"{type(cause).__name__} {cause}".strip()
            except httpx.InvalidURL as cause:
                raise ReplayStopped(f"The address cannot be used: {cause}.") from cause
            else:
                reply = Reply(status=response.status_code, told=_object_of(response), headers=response.headers)
                if reply.status in (_UNAUTHORIZED, _FORBIDDEN):
                    raise TokenRefused(f"{self.name} refused the token: {reply.detail}")
                # With Retry-After it asks for another try; 5xx without it may be a proxy in front of it.
                retry_after = response.headers.get("retry-after", "")
                if not retry_after and reply.status < _SERVER_ERROR:
                    return reply
                reason = f"{reply.status} {reply.told.get('code', '')}".strip()
                if retry_after.isdigit():
                    wait_s = min(max(float(retry_after), wait_s), _WAIT_MAX_S)
            if tried + 1 < TRIES_MAX:
                self.on_wait(reason)
                await asyncio.sleep(wait_s)
        raise ReplayStopped(f"{self.name} did not take {about} in {TRIES_MAX} tries; the last: {reason}.")


def wait_after(tried: int) -> float:
    """This function will return the seconds to wait after so many earlier waits."""
    return min(_WAIT_FIRST_S * 2.0**tried, _WAIT_MAX_S)


def client_of(
    url: str, *, concurrency: int, token: str = "", transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """This function will open connections to an address, which the environment's proxies have no part in."""
    return httpx.AsyncClient(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
        timeout=_TIMEOUT,
        transport=transport,
        trust_env=False,
        follow_redirects=False,
    )


async def work_through(items: Iterable[Item], work: Callable[[Item], Awaitable[None]], *, concurrency: int) -> None:
    """This function will work on items in their order, `concurrency` at a time; the first failure ends all."""
    waiting = iter(items)

    async def go_on() -> None:
        for item in waiting:
            await work(item)

    workers = [asyncio.create_task(go_on()) for _ in range(concurrency)]
    try:
        await asyncio.gather(*workers)
    finally:
        # What was sent by then counts once in the next run.
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


def _object_of(response: httpx.Response) -> dict[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
