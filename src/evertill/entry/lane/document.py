"""The API's document: Litestar names the routes, msgspec the types, and the errors themselves what can go wrong."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
from litestar import Request
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Example

from evertill.entry.lane.gather import Failed, Overloaded
from evertill.entry.lane.problems import MEDIA_TYPE, BadRequest, Problem, status_of, title_of
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError

# What any operation can end in.
_EVERYWHERE: tuple[type[EvertillError], ...] = (
    BadRequest,
    Failed,
    Overloaded,
    db.DatabaseBusy,
    db.DatabaseUnavailable,
    db.OutcomeUnknown,
)
_RETRY_AFTER = {"description": "Seconds to wait before sending the same again.", "schema": {"type": "integer"}}
_WWW_AUTHENTICATE = {"description": "How to say who is asking.", "schema": {"type": "string"}}
_HEADERS: dict[str, dict[str, Any]] = {
    "401": {"WWW-Authenticate": _WWW_AUTHENTICATE},
    "409": {"Retry-After": {**_RETRY_AFTER, "description": "Only while the same Idempotency-Key is in flight."}},
    "503": {"Retry-After": _RETRY_AFTER},
}


def problems(*errors: type[EvertillError]) -> dict[int, ResponseSpec]:
    """This function will return the documentation of the errors of one operation, and of those that all can meet."""
    by_status: dict[int, list[type[EvertillError]]] = {}
    for error in (*errors, *_EVERYWHERE):
        by_status.setdefault(status_of(error), []).append(error)
    return {
        status: ResponseSpec(
            Problem,
            description="\n".join(f"- `{error.code}`: {_meaning(error)}" for error in found),
            media_type=MEDIA_TYPE,
            generate_examples=False,
            examples=[Example(id=error.code, summary=_meaning(error), value=_example(error)) for error in found],
        )
        for status, found in sorted(by_status.items())
    }


def _meaning(error: type[EvertillError]) -> str:
    return (inspect.getdoc(error) or error.code).partition("\n\n")[0].replace("\n", " ")


def _example(error: type[EvertillError]) -> dict[str, Any]:
    return {
        "type": f"urn:evertill:problem:{error.code}",
        "title": title_of(error),
        "status": status_of(error),
        "code": error.code,
        "detail": _meaning(error),
        "kept": error.kept,
        "remedy": error.remedy,
    }


class Document(OpenAPIRenderPlugin):
    """The document as JSON, at `/api/v1/schema/openapi.json`."""

    media_type = "application/json"  # type: ignore[assignment]

    def __init__(self, *, path: str, types: tuple[type, ...]) -> None:
        super().__init__(path=path, media_type="application/json")  # type: ignore[arg-type]
        self._types = types
        self._made: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """This function will return the document, the same bytes every time."""
        if self._made is None:
            self._made = msgspec.json.encode(refine(openapi_schema, types=self._types))
        return self._made


# Orders that can be placed as they stand in a shop with the demo catalogue.
_ORDERS = {
    "one": {
        "summary": "One pack of tea",
        "value": {
            "lines": [{"sku": "TEA-001", "quantity": 1}],
            "currency": "GBP",
            "contact": {"email": "you@example.com"},
        },
    },
    "agreed": {
        "summary": "Two goods, and the total that the customer saw",
        "value": {
            "lines": [{"sku": "NDL-001", "quantity": 2}, {"sku": "EAR-001", "quantity": 1}],
            "currency": "GBP",
            "contact": {"email": "you@example.com"},
            "expected_total": 2550,
        },
    },
}


def refine(document: dict[str, Any], *, types: tuple[type, ...]) -> dict[str, Any]:
    """This function will return a document whose types are msgspec's own and whose answers tell their headers.

    Litestar's reading of our types loses their descriptions and that unknown fields are refused.
    """
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    paths = {
        path: {method: _with_headers(operation) for method, operation in operations.items()}
        for path, operations in document["paths"].items()
    }
    _tell_limits(schemas)
    for operation in (operation for operations in paths.values() for operation in operations.values()):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if content["schema"] == {"$ref": "#/components/schemas/OrderIn"}:
                content["examples"] = _ORDERS
    return {**document, "paths": paths, "components": {**document["components"], "schemas": schemas}}


def _tell_limits(schemas: dict[str, Any]) -> None:
    limits = config.get()
    line = schemas["LineIn"]["properties"]
    line["quantity"] |= {"minimum": 1, "maximum": limits.quantity_max}
    schemas["OrderIn"]["properties"]["lines"]["maxItems"] = limits.order_lines_max
    schemas["ContactIn"]["anyOf"] = [{"required": ["email"]}, {"required": ["phone"]}]


def _with_headers(operation: dict[str, Any]) -> dict[str, Any]:
    responses = {
        status: {**response, "headers": {**response.get("headers", {}), **_HEADERS.get(status, {})}}
        for status, response in operation["responses"].items()
    }
    return {**operation, "responses": responses}
