"""Look up an order: for a guest who has its number, and lost the page that opens it.

A number stands on receipts and parcels, and an address is known to many. Both together open nothing here: whoever asks
proves the address first, by a code that is sent to it, whichever address that is. Only then is the order looked for, so
that until then nothing depends on what the shop has. What is proved is good for this one number. How often codes are
sent, and how often one may be guessed, is limited by identity; numbers cannot be tried at all but by an address that
stands in the order.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from evertill.domains import accounts, identity, orders
from evertill.domains.accounts import AddressKind
from evertill.journeys.send_code import SentCode, send_code
from evertill.journeys.sign_in import CodeWrong
from evertill.kernel import config, contacts, db, ids
from evertill.kernel.errors import EvertillError

__all__ = ["Asked", "CodeWrong", "FoundOrder", "LookUpFailed", "NumberMistyped", "OrderOfAccount", "begin", "finish"]


class NumberMistyped(EvertillError):
    """A text cannot be an order number: its last character checks the others."""

    code = "NUMBER_MISTYPED"
    remedy = "Check the number: it has 13 letters and digits."


class LookUpFailed(EvertillError):
    """No order has this number and this address."""

    code = "LOOK_UP_FAILED"
    status = "not_found"
    remedy = "Check both; the address is the one that the order was placed with."


class OrderOfAccount(EvertillError):
    """The order belongs to an account, which may ask for more than a code by email."""

    code = "ORDER_OF_ACCOUNT"
    status = "forbidden"
    remedy = "Sign in; it stands among your orders."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which order is looked for, by which address, and the code that was sent there."""

    order_id: int
    kind: str
    address: str
    code: SentCode


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOrder:
    """An order, and what opens it."""

    number: str
    access_token: str


def begin(*, number: str, contact: str, caller: str, language: str, now: dt.datetime) -> Asked:
    """This function will send a code to an address, to prove it for one order number, whether or not there is such.

    Raises NumberMistyped, AddressInvalid, and what send_code raises.
    """
    try:
        order_id = ids.from_number(number)
    except ids.InvalidNumber as error:
        raise NumberMistyped(str(error)) from None
    kind, address = accounts.read_address(contact, region=config.get().phone_region)
    sent = send_code(purpose=_purpose(order_id), kind=kind, address=address, caller=caller, language=language, now=now)
    return Asked(order_id=order_id, kind=kind.value, address=address, code=sent)


def finish(*, order_id: int, kind: str, address: str, code_id: str, digits: str, now: dt.datetime) -> FoundOrder:
    """This function will return what opens an order that was placed with an address, which the code proves.

    Raises CodeWrong; LookUpFailed, the same for an order of somebody else and for one that there is not; and
    OrderOfAccount.
    """
    with db.write():
        is_right = identity.codes.use(
            code_id=code_id, purpose=_purpose(order_id), address=address, digits=digits, now=now
        )
    # Raised only now: that the code was tried or used is to be kept.
    if not is_right:
        raise CodeWrong("This is not the code that was sent, or it was used, or it is too old.")
    order = orders.read_orders(order_ids=[order_id]).get(order_id)
    if order is None or address != _address_of(order, kind):
        raise LookUpFailed("There is no order of this number with this address.")
    if order.account_id is not None:
        raise OrderOfAccount("This order belongs to an account.")
    return FoundOrder(number=ids.to_number(order_id), access_token=orders.access_token(order_id))


def _address_of(order: orders.Order, kind: str) -> str:
    return contacts.spell_email(order.email) if kind == AddressKind.EMAIL else order.phone


def _purpose(order_id: int) -> str:
    return f"claim-orders:{ids.to_number(order_id)}"
