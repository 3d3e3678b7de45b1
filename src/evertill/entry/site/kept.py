"""An answer that is kept and given to many: encoded once, with a strong ETag for each encoding (RFC 9110, 8.8.3).

Only what everybody may see is ever kept, and so only that is compressed: in a page that holds a secret beside what
somebody else put in, the compressed length would tell of the secret (BREACH).
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from typing import Any

Headers = tuple[tuple[bytes, bytes], ...]

# Smaller ones gain less than the encoding's own header.
_SMALL_BYTES = 256
# Pictures are compressed already.
_TEXTS = (b"text/", b"application/javascript", b"application/json", b"image/svg+xml")
# What belongs to the bytes that are sent, and is stated anew for each encoding.
_OWN = (b"content-length", b"content-encoding", b"etag", b"vary", b"age", b"date")
# What an answer without a body does not speak of.
_BODY = (b"content-type", b"content-language")
_REFUSED = re.compile(rb";\s*q\s*=\s*0(\.0*)?\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The bytes of one encoding."""

    body: bytes
    etag: bytes
    encoding: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer with status 200 in its forms; `headers` are those that all forms have."""

    headers: Headers
    plain: Form
    small: Form | None

    @property
    def size(self) -> int:
        """Bytes that it takes to keep it, roughly."""
        return len(self.plain.body) + (len(self.small.body) if self.small else 0) + 2048


def keep(*, headers: Headers, body: bytes, level: int) -> Kept:
    """This function will encode an answer; `level` is how hard to compress it, from 1 to 9. It takes milliseconds."""
    kind = next((value for name, value in headers if name == b"content-type"), b"")
    vary = b", ".join([*(value for name, value in headers if name == b"vary"), b"Accept-Encoding"])
    small = None
    if len(body) >= _SMALL_BYTES and kind.startswith(_TEXTS):
        # Without a time in it, the same text is the same bytes.
        packed = gzip.compress(body, level, mtime=0)
        small = _form(packed, encoding=b"gzip") if len(packed) < len(body) else None
    rest = tuple((name, value) for name, value in headers if name not in _OWN)
    return Kept(headers=((b"vary", vary), *rest), plain=_form(body, encoding=b""), small=small)


async def give(kept: Kept, *, scope: Any, send: Any, age_s: int | None = None) -> None:
    """This function will answer a request with what is kept: the body, or that the client has it already."""
    wanted = _headers(scope, b"accept-encoding")
    form = kept.small if kept.small and _takes_gzip(wanted) else kept.plain
    headers = [(b"etag", form.etag), *kept.headers]
    if age_s is not None:
        headers.append((b"age", b"%d" % age_s))
    if _has_it(_headers(scope, b"if-none-match"), form.etag):
        headers = [(name, value) for name, value in headers if name not in _BODY]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    if form.encoding:
        headers.append((b"content-encoding", form.encoding))
    headers.append((b"content-length", b"%d" % len(form.body)))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    # To HEAD the server sends no body by itself.
    await send({"type": "http.response.body", "body": form.body})


def _form(body: bytes, *, encoding: bytes) -> Form:
    return Form(body=body, etag=b'"%s"' % hashlib.blake2b(body, digest_size=12).hexdigest().encode(), encoding=encoding)


def _headers(scope: Any, wanted: bytes) -> bytes:
    return b",".join([value for name, value in scope["headers"] if name == wanted])


def _takes_gzip(accept: bytes) -> bool:
    for part in accept.lower().split(b","):
        name = part.partition(b";")[0].strip()
        if name in (b"gzip", b"*"):
            return not _REFUSED.search(part)
    return False


def _has_it(if_none_match: bytes, etag: bytes) -> bool:
    """Compare weakly, as asked for here: what a proxy compressed for itself is still the same page."""
    known = [tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")]
    return etag in known or known == [b"*"]
