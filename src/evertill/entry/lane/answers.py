"""What the bare handlers answer: an order or a payment that was made, or made before."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from evertill.entry.lane.body import ClientGone
from evertill.entry.lane.problems import Headers

Answer = tuple[int, Headers, bytes]

_JSON = (b"content-type", b"application/json")
_NO_STORE = (b"cache-control", b"no-store")
_REPLAYED = (b"idempotency-replayed", b"true")


def created(content: bytes, *, is_repeat: bool) -> Answer:
    """This function will return status, headers and body of what was created, by this request or one before it."""
    headers = [_JSON, (b"content-length", b"%d" % len(content)), _NO_STORE]
    if is_repeat:
        headers.append(_REPLAYED)
    return 201, headers, content


async def send_answer(answering: Awaitable[Answer], send: Any) -> None:
    """This function will send an answer once there is one; nothing when nobody is left to be answered."""
    try:
        status, headers, content = await answering
    except ClientGone:
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
