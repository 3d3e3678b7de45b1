"""What every answer of the API says to a browser that is led to it: show nothing, run nothing, guess nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from evertill.kernel import config

_POLICY = b"content-security-policy"
_YEAR_S = 365 * 86400


def for_programs() -> list[tuple[bytes, bytes]]:
    """This function will return the headers of answers to programs; of TLS where the shop's address tells of it."""
    told = [
        (_POLICY, b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]
    if urlsplit(config.get().public_url).scheme == "https":
        told.append((b"strict-transport-security", b"max-age=%d; includeSubDomains" % _YEAR_S))
    return told


def adding(send: Any, headers: list[tuple[bytes, bytes]]) -> Any:
    """This function will return what sends an answer with these headers, unless it has a policy of its own."""

    async def tell(message: Any) -> None:
        if message["type"] == "http.response.start":
            own = message.get("headers", ())
            if not any(name == _POLICY for name, _ in own):
                message = {**message, "headers": [*own, *headers]}
        await send(message)

    return tell
