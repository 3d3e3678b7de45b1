"""The lane as one ASGI application: the hot handlers bare, everything else through Litestar."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Litestar, Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, Contact, SecurityScheme
from litestar.routes import HTTPRoute

import evertill
from evertill.entry.lane import (
    claims_api,
    events,
    events_api,
    health,
    orders,
    orders_api,
    payments,
    payments_api,
    products,
    receipts_api,
    refunds_api,
    webhooks,
)
from evertill.entry.lane.document import Document
from evertill.entry.lane.gather import Failed
from evertill.entry.lane.problems import BadRequest, InvalidField, MethodNotAllowed, NotFound, Problem, refusing, render
from evertill.entry.lane.schema_page import schema_page
from evertill.entry.lane.streams import streams
from evertill.journeys.publish_keys import KeysTold
from evertill.kernel import config
from evertill.kernel.errors import EvertillError

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
_SCHEMA = f"{PREFIX}/schema/"
_WEBHOOKS = f"{PREFIX}/webhooks/"
_BARE = {
    ("POST", f"{PREFIX}/orders"): orders.place,
    ("GET", f"{PREFIX}/schema"): schema_page,
    ("GET", _SCHEMA): schema_page,
    ("HEAD", f"{PREFIX}/schema"): schema_page,
    ("HEAD", _SCHEMA): schema_page,
}
_ORDERS = f"{PREFIX}/orders/"
_OF_ORDER = {("POST", "payments"): payments.pay, ("GET", "events"): events.stream_events}
_OF_ORDER_SLASHES = f"{_ORDERS}{{number}}/…".count("/")
# Below the document's own address Litestar answers all else with a page of its own.
_UNDER_SCHEMA = ("", "openapi.json")
_TYPES = (
    orders.OrderIn,
    orders.OrderOut,
    orders.PlacedOut,
    events.EventOut,
    events.StreamedOut,
    payments.PayIn,
    payments.PaymentOut,
    payments_api.MethodsOut,
    refunds_api.RefundIn,
    refunds_api.RefundOut,
    refunds_api.RefundsOut,
    KeysTold,
    claims_api.ClaimIn,
    claims_api.FiledOut,
    claims_api.ClaimOut,
    webhooks.ReceivedOut,
    products.ProductsOut,
    products.ProductOut,
    Problem,
)


def _is_webhook(method: str, path: str) -> bool:
    return method == "POST" and path.startswith(_WEBHOOKS) and path.count("/") == _WEBHOOKS.count("/")


def _problem(error: EvertillError) -> Response[bytes]:
    status, headers, body = render(error)
    named = {name.decode(): value.decode() for name, value in headers}
    return Response(body, status_code=status, headers=named, media_type=named["content-type"])


def _on_problem(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    assert isinstance(error, EvertillError)  # noqa: S101 - Litestar calls it for these alone
    return _problem(error)


def _on_http(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if isinstance(error, NotFoundException):
        return _problem(NotFound(f"There is nothing at {request.url.path[:200]}."))
    if isinstance(error, MethodNotAllowedException):
        allow = _with_head((error.headers or {}).get("allow", "GET"))
        return _problem(MethodNotAllowed(f"{request.method} does not go with this address.", allow=allow))
    if isinstance(error, ValidationException):
        return _problem(_invalid(error))
    if isinstance(error, HTTPException) and error.status_code < 500:  # noqa: PLR2004
        return _problem(BadRequest("The request could not be understood."))
    return _on_bug(request, error)


def _invalid(error: ValidationException) -> InvalidField:
    wrong: list[dict[str, Any]] = error.extra if isinstance(error.extra, list) else []
    fields = [str(item.get("key", "?")) for item in wrong]
    detail = "; ".join(
        f"{field}: {item.get('message', 'does not fit')}" for field, item in zip(fields, wrong, strict=True)
    )
    return InvalidField(f"{detail or 'A parameter does not fit'}.", pointer=fields[0] if fields else "?")


def _with_head(allow: str) -> str:
    methods = {name.strip() for name in allow.split(",")}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


def _on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("request.failed %s %s", request.method, request.url.path, exc_info=error)
    return _problem(Failed("The request could not be worked on."))


def _litestar() -> Litestar:
    return Litestar(
        path=PREFIX,
        route_handlers=[
            orders_api.place_order,
            orders_api.read_order,
            orders_api.cancel,
            events_api.watch,
            payments_api.pay_order,
            payments_api.read_payment,
            payments_api.read_methods,
            refunds_api.refund,
            refunds_api.list_refunds,
            receipts_api.read_receipt_keys,
            claims_api.file,
            claims_api.read_claim,
            webhooks.receive_webhook,
            products.list_products,
            products.read_product,
        ],
        openapi_config=OpenAPIConfig(
            title="Evertill",
            version=evertill.__version__,
            description="Order by yourself, at any hour. Errors are problem+json (RFC 9457) with a stable `code`.",
            contact=Contact(name="The shop"),
            components=Components(
                security_schemes={
                    "token": SecurityScheme(
                        type="http",
                        scheme="bearer",
                        description="An API token of the shop, or the access_token of one order.",
                    ),
                    "accessToken": SecurityScheme(
                        type="apiKey",
                        name="access_token",
                        security_scheme_in="query",
                        description="The access_token of one order, for links. Not for API tokens.",
                    ),
                }
            ),
            create_examples=False,
            render_plugins=[Document(path="/openapi.json", types=_TYPES)],
        ),
        exception_handlers={EvertillError: _on_problem, HTTPException: _on_http, Exception: _on_bug},
        request_max_body_size=config.get().body_bytes_max,
        logging_config=None,
    )


class Lane:
    """The API: placing and paying go straight to their handlers, all else through Litestar's router."""

    def __init__(self) -> None:
        self._litestar = _litestar()
        self._methods = {
            route.path_format: sorted(route.methods) for route in self._litestar.routes if isinstance(route, HTTPRoute)
        }
        self._by_method = {"HEAD": self._head, "OPTIONS": self._options}
        self._health = {"/healthz": health.healthz, "/readyz": health.readyz}

    def find(self, scope: Any) -> Any:
        """This function will return the ASGI application for a request, or None when it is not the lane's."""
        method, path = scope["method"], scope["path"]
        bare = webhooks.accept if _is_webhook(method, path) else _BARE.get((method, path))
        if bare is not None:
            return bare
        if path.startswith(_ORDERS) and path.count("/") == _OF_ORDER_SLASHES:
            bare = _OF_ORDER.get((method, path.rpartition("/")[2]))
            if bare is not None:
                return bare
        if path == PREFIX or path.startswith(PREFIX + "/"):
            if path.startswith(_SCHEMA) and path[len(_SCHEMA) :] not in _UNDER_SCHEMA:
                return refusing(NotFound(f"There is nothing at {path[:200]}."))
            return self._by_method.get(method, self._litestar)
        if path in self._health and method not in ("GET", "HEAD"):
            return refusing(MethodNotAllowed(f"{method} does not go with this address.", allow="GET, HEAD"))
        return self._health.get(path)

    async def _head(self, scope: Any, receive: Any, send: Any) -> None:
        # HEAD is GET without the body, which the server leaves out by itself (RFC 9110 §9.3.2).
        as_get: Any = {**scope, "method": "GET"}
        await self._litestar(as_get, receive, send)

    async def _options(self, scope: Any, receive: Any, send: Any) -> None:
        # Litestar answers by what it knows: not HEAD, and of an address only what was registered first.
        async def tell(message: Any) -> None:
            allow = _with_head(", ".join(self._methods.get(scope.get("path_template", ""), ()))).encode()
            headers = [
                (name, allow if name == b"allow" and allow else value) for name, value in message.get("headers", [])
            ]
            await send({**message, "headers": headers} if headers else message)

        await self._litestar(scope, receive, tell)

    def drain(self) -> None:
        """This function will end what would go on for as long as its reader likes."""
        streams().close()

    async def close(self) -> None:
        """This function will finish the batches under way."""
        await orders.placing().close()
        await payments.paying().close()
        await webhooks.receiving().close()
