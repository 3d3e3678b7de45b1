"""Reads a request's body and headers within their limits, and turns JSON into types."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from evertill.entry.lane.problems import BadRequest, BodyTooLarge, InvalidField, KeyMissing, Malformed, WrongMediaType
from evertill.kernel import config

T = TypeVar("T")

_JSON = b"application/json"
_JSON_ONLY = frozenset({_JSON})
# What msgspec says of a text that does not match its pattern; the pattern itself tells people nothing.
_PATTERN = " matching regex"

Receive = Any
Scope = Any
Send = Any


class ClientGone(Exception):
    """The client went away before his request was complete."""


# Of each of these a request has one at most: with two, a proxy may have looked at the one and we at the other.
_ONCE = (b"authorization", b"content-length", b"content-type", b"idempotency-key")


def read_headers(scope: Scope) -> dict[bytes, bytes]:
    """This function will return the headers by lower-case name, the last where many are usual; raises BadRequest."""
    sent = scope["headers"]
    headers: dict[bytes, bytes] = dict(sent)
    if len(headers) != len(sent):
        names = [name for name, _ in sent]
        for name in _ONCE:
            if names.count(name) > 1:
                raise BadRequest(f"The header {name.decode().title()} was sent more than once.")
    return headers


def client_address(scope: Scope) -> str:
    """This function will return from where a request comes, as the server sees it; "" where it does not."""
    client = scope.get("client")
    return client[0] if client else ""


async def read_body(receive: Receive, headers: dict[bytes, bytes], *, media: frozenset[bytes] = _JSON_ONLY) -> bytes:
    """This function will read the whole body; raises BodyTooLarge, WrongMediaType, or ClientGone.

    `media` are the types, in lower case, that the body may say that it is; it may also not say.
    """
    limit = config.get().body_bytes_max
    said = headers.get(b"content-type", _JSON)
    if said not in media and said.partition(b";")[0].strip().lower() not in media:
        raise WrongMediaType("The body must be JSON." if media == _JSON_ONLY else "The body is of no type taken here.")
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
        if _PATTERN in message:
            message = "This text does not have the form that it must have, or has a character that it cannot have"
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
