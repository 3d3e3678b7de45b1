"""Who may open an order: whoever holds its access token, or a program with the scope for it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from evertill.entry.lane.auth import bearer_of, caller_of, is_api_token
from evertill.entry.lane.threads import in_thread
from evertill.journeys.authenticate_caller import Unauthenticated
from evertill.journeys.guard_payment import CUSTOMER
from evertill.journeys.refuse_program import refuse_program
from evertill.journeys.refuse_visitor import is_to_be_recorded, refuse_visitor
from evertill.journeys.see_own import prove
from evertill.journeys.view_order import OrderNotFound, opens
from evertill.kernel import clock, ids
from evertill.kernel.errors import EvertillError


class ScopeMissing(EvertillError):
    """The API token lacks the scope for this."""

    code = "SCOPE_MISSING"
    status = "forbidden"
    remedy = "Use a token with this scope."


async def opened_by(scope: Any, headers: dict[bytes, bytes], number: str, *, needs: str) -> tuple[int, str]:
    """This function will return the id of the order that the caller may open, and who he is in its history.

    `needs` is the scope that a program needs. Whether there is such an order is not asked. Raises Unauthenticated,
    ScopeMissing and OrderNotFound.
    """
    authorization = headers.get(b"authorization")
    token = bearer_of(authorization) if authorization else _in_address(scope["query_string"])
    if not token:
        raise Unauthenticated("This takes the access_token of the order, or an API token.")
    if is_api_token(token):
        if not authorization:
            # Addresses end up in logs and histories, where an order's own token does little harm and this one much.
            raise Unauthenticated("An API token goes into the header Authorization, never into an address.")
        caller = await caller_of(authorization)
        if needs not in caller.scopes:
            await in_thread(refuse_program, caller=caller, scope=needs, now=clock.now())
            raise ScopeMissing(f"This needs the scope {needs}.")
        return _id(number), f"token:{caller.id}"
    order_id = _id(number)
    # A wrong token and a number that does not exist get the same answer: which of the two it is is nobody's business.
    if not opens(token, order_id=order_id):
        tried = ids.to_number(order_id)
        # A client's word about where it comes from is not believed here.
        if is_to_be_recorded(kind="order", number=tried, who=""):
            await in_thread(refuse_visitor, kind="order", number=tried, session=None, place="", now=clock.now())
        raise OrderNotFound("There is no such order for this token.")
    prove(opens=[order_id])
    return order_id, CUSTOMER


def _id(number: str) -> int:
    try:
        return ids.from_number(number)
    except ids.InvalidNumber as error:
        raise OrderNotFound(f"There is no such order. {error}") from None


def _in_address(query: bytes) -> str:
    return dict(parse_qsl(query.decode("latin-1"))).get("access_token", "")
