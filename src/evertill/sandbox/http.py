"""As much HTTP as this program needs: a request with a limit, an answer, and a failure told as problem+json.

Bare ASGI: the handlers are few, and a framework would double the memory of a child that runs beside every demo shop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from evertill.kernel.errors import EvertillError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_BYTES_MAX = 64 * 1024
PLANT_BYTES_MAX = 4 * 1024 * 1024
_BODY_SECONDS = 15.0
_STATUS = {
    "malformed": 400, "unauthenticated": 401, "forbidden": 403, "not_found": 404, "not_allowed": 405,
    "conflict": 409, "too_large": 413, "wrong_media": 415, "invalid": 422, "busy": 503, "unavailable": 503,
}  # fmt: skip


class BodyTooLarge(EvertillError):
    """The body is longer than a request of its kind can need."""

    code = "BODY_TOO_LARGE"
    status = "too_large"


class Malformed(EvertillError):
    """The body or the query is not what the page of the API describes."""

    code = "MALFORMED"
    status = "malformed"


class BodyNeverCame(EvertillError):
    """The caller left, or did not send its body in time."""

    code = "BODY_NEVER_CAME"
    status = "malformed"


@dataclass(slots=True, kw_only=True)
class Request:
    """A request whose body has come."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    def form(self) -> Mapping[str, str]:
        """The fields of a form; raises Malformed."""
        return _pairs(self.body.decode("latin-1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status, a body, and what the headers have to say."""

    status: int
    body: bytes = b""
    media: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


async def read(scope: Scope, receive: Receive, *, limit: int) -> Request:
    """This function will read a whole request; raises BodyTooLarge, BodyNeverCame and Malformed."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared[:12]) > limit:
        raise BodyTooLarge(f"A body may have {limit} bytes.")
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body = await _body(receive, limit=limit)
    except TimeoutError as cause:
        raise BodyNeverCame("The body did not come in time.") from cause
    query = _pairs(scope["query_string"].decode("latin-1"))
    return Request(method=scope["method"], path=scope["path"], headers=headers, query=query, body=body)


async def write(send: Send, answer: Answer) -> None:
    """This function will send an answer."""
    headers = {
        "content-type": answer.media,
        "content-length": str(len(answer.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        **answer.headers,
    }
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": answer.body})


def as_json(value: object, *, status: int = 200) -> Answer:
    """This function will return an answer of JSON."""
    return Answer(status=status, body=msgspec.json.encode(value))


def problem(failure: EvertillError) -> Answer:
    """This function will tell a failure as RFC 9457 has it."""
    status = _STATUS.get(failure.status, 500)
    body = {
        "type": "about:blank", "status": status, "code": failure.code, "detail": failure.detail,
        "kept": failure.kept, "remedy": failure.remedy,
    }  # fmt: skip
    headers = {"retry-after": "1"} if status == 503 else {}  # noqa: PLR2004 — plainer as the number it is.
    return Answer(status=status, body=msgspec.json.encode(body), media="application/problem+json", headers=headers)


async def _body(receive: Receive, *, limit: int) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyNeverCame("The caller left.")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge(f"A body may have {limit} bytes.")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _pairs(text: str) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=20))
    except ValueError as cause:
        raise Malformed("There are too many fields.") from cause
