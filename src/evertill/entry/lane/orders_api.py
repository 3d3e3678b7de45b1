"""Orders over HTTP, the ordinary way: reading, cancelling, and the documented form of placing."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, HeaderParameter, JSONBody

from evertill.entry.lane.auth import bearer_of, is_api_token
from evertill.entry.lane.body import ClientGone, read_headers
from evertill.entry.lane.document import problems
from evertill.entry.lane.opening import ScopeMissing, opened_by
from evertill.entry.lane.orders import (
    LineOut,
    MoneyOut,
    OrderIn,
    OrderOut,
    PlacedOut,
    PriceScopeMissing,
    answer_place,
)
from evertill.entry.lane.problems import (
    BadRequest,
    BodyTooLarge,
    InvalidField,
    KeyMissing,
    Malformed,
    WrongMediaType,
)
from evertill.entry.lane.threads import in_thread
from evertill.journeys.authenticate_caller import Unauthenticated
from evertill.journeys.cancel_order import AlreadyCancelled, CannotCancel, cancel_order
from evertill.journeys.place_orders import (
    AmountOutOfRange,
    KeyInFlight,
    KeyReused,
    PriceChanged,
    QuantityOutOfRange,
    SoldOut,
    TooManyLines,
    UnknownSku,
    WrongCurrency,
)
from evertill.journeys.view_order import Order, OrderNotFound, view_order
from evertill.kernel import clock, ids

API_TOKEN: list[dict[str, list[str]]] = [{"token": []}]
OPENED_BY: list[dict[str, list[str]]] = [*API_TOKEN, {"accessToken": []}]


async def _place_bare(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer as the hot path does; reached by spellings of the address that only Litestar knows to be the same."""
    try:
        status, headers, body = await answer_place(request.scope, request.receive)
    except ClientGone:
        raise BadRequest("The request ended in the middle of its body.") from None
    named = {name.decode(): value.decode() for name, value in headers}
    return Response(body, status_code=status, headers=named, media_type=named["content-type"])


@post(
    "/orders",
    status_code=201,
    # Before Litestar parses anything, so that there is one reading of a request and one wording of each refusal.
    before_request=_place_bare,
    summary="Place an order",
    description="All or nothing, first come first served. Sending it again with the same Idempotency-Key is harmless:"
    " it counts once, and the first answer is given again.",
    operation_id="placeOrder",
    response_description="The order is placed and its goods are kept for you; or it was, by an earlier request.",
    responses=problems(
        Malformed,
        KeyMissing,
        Unauthenticated,
        PriceScopeMissing,
        SoldOut,
        PriceChanged,
        KeyInFlight,
        BodyTooLarge,
        WrongMediaType,
        InvalidField,
        UnknownSku,
        WrongCurrency,
        QuantityOutOfRange,
        TooManyLines,
        AmountOutOfRange,
        KeyReused,
    ),
    security=[{}, *API_TOKEN],
    tags=["orders"],
)
async def place_order(
    data: JSONBody[OrderIn],
    idempotency_key: Annotated[
        str,
        HeaderParameter(
            name="Idempotency-Key",
            description="A random value of yours: a new one for each new order, the same one to try again.",
            min_length=1,
            max_length=128,
            pattern="^[!-~]([ -~]*[!-~])?$",
        ),
    ],
) -> PlacedOut:
    """This function will never run: it stands here for the API document, and _place_bare answers in its place."""
    raise NotImplementedError


@get(
    "/orders/{number:str}",
    summary="Read an order",
    description="With the order's own access_token, or an API token with the scope orders:read.",
    operation_id="readOrder",
    response_description="The order as it stands now.",
    responses=problems(Unauthenticated, ScopeMissing, OrderNotFound),
    security=OPENED_BY,
    tags=["orders"],
)
async def read_order(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[OrderOut]:
    """This function will return one order to whoever may open it."""
    order, _ = await open_order(request, number, scope="orders:read")
    return _answer(order)


@post(
    "/orders/{number:str}/cancel",
    status_code=200,
    summary="Cancel an order",
    description="Gives the goods back to sale. With the order's own access_token, or a token with orders:cancel.",
    operation_id="cancelOrder",
    response_description="The order is cancelled.",
    responses=problems(Unauthenticated, ScopeMissing, OrderNotFound, AlreadyCancelled, CannotCancel),
    security=OPENED_BY,
    tags=["orders"],
)
async def cancel(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[OrderOut]:
    """This function will cancel one order for whoever may open it."""
    order, actor = await open_order(request, number, scope="orders:cancel")
    return _answer(await in_thread(cancel_order, order_id=order.id, actor=actor, now=clock.now()))


async def open_order(request: Request[Any, Any, Any], number: str, *, scope: str) -> tuple[Order, str]:
    """This function will return the order that the caller may open, and who he is in its history.

    Raises Unauthenticated, ScopeMissing and OrderNotFound.
    """
    order_id, actor = await opened_by(request.scope, read_headers(request.scope), number, needs=scope)
    return await in_thread(view_order, order_id=order_id), actor


def require_program(request: Request[Any, Any, Any], *, scope: str) -> None:
    """This function will raise ScopeMissing for an order's own token, which may not do this however good it is."""
    authorization = read_headers(request.scope).get(b"authorization")
    token = bearer_of(authorization) if authorization else request.query_params.get("access_token")
    if token and not is_api_token(token):
        raise ScopeMissing(f"This needs an API token with the scope {scope}.")


def _answer(order: Order) -> Response[OrderOut]:
    out = OrderOut(
        ids.to_number(order.id),
        order.state,
        MoneyOut(order.total, order.currency),
        [LineOut(line.sku, line.title, line.quantity, line.unit_price, line.total) for line in order.lines],
        order.placed_at,
        order.reserved_until,
    )
    return Response(out, headers={"cache-control": "no-store"})
