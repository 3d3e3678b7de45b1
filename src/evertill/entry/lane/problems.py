"""Every error leaves as RFC 9457 problem+json: a stable code, what happened, what was kept, what to do now."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from evertill.kernel.errors import EvertillError, Status

MEDIA_TYPE = "application/problem+json"

# What a failure means, in HTTP's words (RFC 9110).
_STATUS: dict[Status, tuple[int, str]] = {
    "malformed": (400, "Bad Request"),
    "unauthenticated": (401, "Unauthorized"),
    "forbidden": (403, "Forbidden"),
    "not_found": (404, "Not Found"),
    "not_allowed": (405, "Method Not Allowed"),
    "conflict": (409, "Conflict"),
    "busy": (409, "Conflict"),
    "too_large": (413, "Content Too Large"),
    "wrong_media": (415, "Unsupported Media Type"),
    "invalid": (422, "Unprocessable Content"),
    "internal": (500, "Internal Server Error"),
    "unavailable": (503, "Service Unavailable"),
}

_UNAUTHORIZED, _UNAVAILABLE = 401, 503

Headers = list[tuple[bytes, bytes]]


class Short(msgspec.Struct, frozen=True):
    """A SKU of which there is not enough."""

    sku: str
    asked: int
    left: int


class NewTotal(msgspec.Struct, frozen=True):
    """What the order costs now, in minor units."""

    amount: int
    currency: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong (RFC 9457). `code` is stable; sentences are for people; the last fields depend on the code."""

    type: Annotated[str, Meta(examples=["urn:evertill:problem:SOLD_OUT"])]
    title: str
    status: int
    code: Annotated[str, Meta(description="Which problem it is. A program decides by this.", examples=["SOLD_OUT"])]
    detail: Annotated[str, Meta(description="What happened.")]
    kept: Annotated[str, Meta(description="What is safe and stays as it is.")]
    remedy: Annotated[str, Meta(description="What to do now.")]
    pointer: Annotated[str, Meta(description="INVALID_FIELD: which field, as a path into the body.")] | UnsetType = (
        UNSET
    )
    short: Annotated[list[Short], Meta(description="SOLD_OUT: each SKU that is short.")] | UnsetType = UNSET
    total: Annotated[NewTotal, Meta(description="PRICE_CHANGED: the new total.")] | UnsetType = UNSET
    skus: Annotated[list[str], Meta(description="UNKNOWN_SKU: those not for sale.")] | UnsetType = UNSET
    sku: (
        Annotated[
            str,
            Meta(
                description="WRONG_CURRENCY: the one without a price. UNKNOWN_LINE, AMBIGUOUS_LINE, TOO_MANY_PIECES:"
                " the one that cannot be given back so."
            ),
        ]
        | UnsetType
    ) = UNSET
    left: Annotated[int, Meta(description="REFUND_TOO_MUCH: minor units that can be given back.")] | UnsetType = UNSET
    methods: Annotated[list[str], Meta(description="UNKNOWN_METHOD: those there are.")] | UnsetType = UNSET
    state: Annotated[str, Meta(description="CANNOT_CANCEL: the order's state.")] | UnsetType = UNSET


class Malformed(EvertillError):
    """The body is not JSON."""

    code = "MALFORMED_JSON"
    status = "malformed"


class InvalidField(EvertillError):
    """A field is missing, unknown, of the wrong type or out of its range; `pointer` says which."""

    code = "INVALID_FIELD"


class BodyTooLarge(EvertillError):
    """The body is larger than the limit."""

    code = "BODY_TOO_LARGE"
    status = "too_large"


class WrongMediaType(EvertillError):
    """The body says that it is not JSON."""

    code = "WRONG_MEDIA_TYPE"
    status = "wrong_media"
    remedy = "Send JSON, with Content-Type: application/json."


class KeyMissing(EvertillError):
    """The Idempotency-Key header is missing, too long or not printable."""

    code = "IDEMPOTENCY_KEY_MISSING"
    status = "malformed"
    remedy = "Send a header Idempotency-Key with a new random value for each new order, and the same one to try again."


class NotFound(EvertillError):
    """There is nothing at this address."""

    code = "NOT_FOUND"
    status = "not_found"
    remedy = "See /api/v1/schema for what there is."


class MethodNotAllowed(EvertillError):
    """The address exists, but not for this method."""

    code = "METHOD_NOT_ALLOWED"
    status = "not_allowed"
    remedy = "See /api/v1/schema for what there is."


class BadRequest(EvertillError):
    """The request could not be understood."""

    code = "BAD_REQUEST"
    status = "malformed"


def render(error: EvertillError) -> tuple[int, Headers, bytes]:
    """This function will return the status, headers and body of an error."""
    status, title = _STATUS[error.status]
    facts: dict[str, Any] = dict(error.facts)
    retry_after = facts.pop("retry_after_s", None)
    allow = facts.pop("allow", None)
    body = msgspec.json.encode(
        {
            "type": f"urn:evertill:problem:{error.code}",
            "title": title,
            "status": status,
            "code": error.code,
            "detail": error.detail,
            "kept": error.kept,
            "remedy": error.remedy,
            **facts,
        }
    )
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    if retry_after is None and status == _UNAVAILABLE:
        retry_after = 1
    if retry_after is not None:
        headers.append((b"retry-after", b"%d" % retry_after))
    if status == _UNAUTHORIZED:
        headers.append((b"www-authenticate", b'Bearer realm="evertill"'))
    if allow is not None:
        headers.append((b"allow", str(allow).encode()))
    return status, headers, body


def refusing(error: EvertillError) -> Any:
    """This function will return an ASGI application that answers every request with this error."""
    status, headers, body = render(error)

    async def refuse(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return refuse


def status_of(error: type[EvertillError]) -> int:
    """This function will return the HTTP status of a kind of error."""
    return _STATUS[error.status][0]


def title_of(error: type[EvertillError]) -> str:
    """This function will return what HTTP calls the status of a kind of error."""
    return _STATUS[error.status][1]
