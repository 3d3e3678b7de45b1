"""Reads a request's body and headers within their limits, and turns JSON into types."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from evertill.entry.lane.problems import BodyTooLarge, InvalidField, KeyMissing, Malformed, WrongMediaType
from evertill.kernel import config

T = TypeVar("T")

Receive = Any
Scope = Any
Send = Any


class ClientGone(Exception):
    """The client went away before his request was complete."""


def read_headers(scope: Scope) -> dict[bytes, bytes]:
    """This function will return the headers by lower-case name; of one that is sent twice, the last."""
    return dict(scope["headers"])


async def read_body(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    """This function will read the whole body; raises BodyTooLarge, WrongMediaType, or ClientGone."""
    limit = config.get().body_bytes_max
    media = headers.get(b"content-type", b"application/json")
    if not media.lower().startswith(b"application/json"):
        raise WrongMediaType("The body must be JSON.")
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length[:20]) > limit:
        raise BodyTooLarge(f"The body is larger than {limit} bytes.")
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        if len(body) > limit:
            raise BodyTooLarge(f"The body is larger than {limit} bytes.")
        return body
    parts = [body]
    size = len(body)
    while message["type"] == "http.request" and message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise BodyTooLarge(f"The body is larger than {limit} bytes.")
    if message["type"] != "http.request":
        raise ClientGone
    return b"".join(parts)


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """This function will decode a body; raises Malformed for what is not JSON, InvalidField for what does not fit."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        message, _, pointer = str(error).partition(" - at `")
        raise InvalidField(f"{message}.", pointer=pointer.rstrip("`") or "$") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"The body is not JSON: {str(error)[:200]}.") from None


def idempotency_key(headers: dict[bytes, bytes]) -> bytes:
    """This function will return the Idempotency-Key: 1 to 128 printable ASCII characters; raises KeyMissing."""
    key = headers.get(b"idempotency-key", b"").strip()
    limit = config.get().idempotency_key_chars_max
    if not key:
        raise KeyMissing("The header Idempotency-Key is missing.")
    if len(key) > limit or not key.isascii() or not key.decode().isprintable():
        raise KeyMissing(f"The header Idempotency-Key takes 1 to {limit} printable ASCII characters.")
    return key
