"""The background task: webhooks until somebody answers 2xx, and what happens later by itself."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from typing import Any

import httpx

from .book import ENDPOINT, Book, now_ms
from .disputes import open_dispute
from .payments import NotAllowedNow, settle

_log = logging.getLogger(__name__)

_AT_ONCE_MAX = 32
_ATTEMPTS_MAX = 20
_WAIT_MS_MIN, _WAIT_MS_MAX = 500, 300_000
_TIMEOUT_SECONDS = 5.0
# Without news, how often the task looks for what has become due.
_LOOK_SECONDS = 0.1


def sign(body: str, *, secret: str, at: int) -> str:
    """This function will return the header `Sandbox-Signature` of a body sent at `at` (seconds since 1970)."""
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def wait_ms(attempts: int) -> int:
    """This function will return how long to wait after so many attempts: doubled each time, from 0.5 s to 5 min."""
    return min(_WAIT_MS_MAX, _WAIT_MS_MIN << min(attempts - 1, 20))


async def work(book: Book, *, secret: str) -> None:
    """This function will do what is due, again and again, until it is cancelled."""
    limits = httpx.Limits(max_connections=_AT_ONCE_MAX)
    # The environment's proxies are for the way out; receivers are told by address.
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, limits=limits, trust_env=False) as client:
        while True:
            book.stirred.clear()
            try:
                did = carry_out_plans(book) + await _deliver(book, client, secret=secret)
            except Exception:  # noqa: BLE001 — logged whole; without this task nothing would ever be told again.
                _log.exception("background task failed; it goes on")
                did = 0
            if did == 0:
                try:
                    await asyncio.wait_for(book.stirred.wait(), _LOOK_SECONDS)
                except TimeoutError:
                    continue


def carry_out_plans(book: Book) -> int:
    """This function will do up to 100 things that are due, and return how many it found."""
    due = book.store.all("select * from plans where due_at <= ? order by due_at, id limit 100", now_ms())
    for item in due:
        with book.store.writing():
            book.store.run("delete from plans where id = ?", item["id"])
            if item["kind"] in {"settle", "fail"}:
                settle(book, item["payment"], success=item["kind"] == "settle")
                continue
            try:
                open_dispute(book, payment=item["payment"], amount=None, reason="fraudulent")
            except NotAllowedNow:
                _log.info("a planned dispute found no money: %s", item["payment"])
    return len(due)


async def _deliver(book: Book, client: httpx.AsyncClient, *, secret: str) -> int:
    url = book.store.setting(ENDPOINT)
    if url is None:
        return 0
    due = book.store.all(
        "select * from deliveries where status = 'DUE' and due_at <= ? order by due_at, id limit ?",
        now_ms(), _AT_ONCE_MAX,
    )  # fmt: skip
    answers = await asyncio.gather(*(_send(client, url, item, secret=secret) for item in due))
    with book.store.writing():
        for item, accepted in zip(due, answers, strict=True):
            _note(book, item, accepted=accepted)
    return len(due)


def _note(book: Book, item: dict[str, Any], *, accepted: bool) -> None:
    attempts = item["attempts"] + 1
    # Nobody accepts a forged one, and a thief tries once.
    done = accepted or item["forged"]
    status = "DONE" if done else "GIVEN_UP" if attempts >= _ATTEMPTS_MAX else "DUE"
    book.store.run(
        "update deliveries set status = ?, attempts = ?, due_at = ? where id = ?",
        status, attempts, now_ms() + wait_ms(attempts), item["id"],
    )  # fmt: skip


async def _send(client: httpx.AsyncClient, url: str, item: dict[str, Any], *, secret: str) -> bool:
    key = secret if not item["forged"] else "a thief does not know the secret"
    headers = {
        "Content-Type": "application/json",
        "Sandbox-Signature": sign(item["body"], secret=key, at=now_ms() // 1000),
    }
    try:
        async with client.stream("POST", url, content=item["body"].encode(), headers=headers) as answer:
            return answer.is_success
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return False
