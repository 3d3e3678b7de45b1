"""Failures in a customer's words: what happened, what is safe, and what to do now.

The errors themselves speak to programs and their makers. What a customer can meet is said anew here; any other code is
told as a failure of ours, with its code, so that support knows which it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.entry.pages import references
from evertill.kernel.errors import EvertillError

_Words = tuple[Promise | str, Promise | str, Promise | str]

# What a failure of ours is.
_OURS = ("unavailable", "internal")
# By an error's status. A wrong code is a form to fill in again: 401 would ask the browser for a password of its own
# (RFC 9110, 15.5.2).
_HTTP: Mapping[str, int] = {
    "conflict": 409,
    "unavailable": 503,
    "busy": 429,
    "forbidden": 403,
    "not_found": 404,
    "too_large": 413,
    "internal": 500,
}

_NOTHING = _("Nothing was ordered and nothing was paid.")
_STANDS = _("Your order stands, and nothing was paid twice.")
_AGAIN = _("Press the button once more. It counts once, however often you press it.")
_LOOK = _("Look over your cart and go on to the checkout again.")
_OTHER = _("Choose another way to pay, or try this one again in a moment.")

_KNOWN: Mapping[str, _Words] = {
    "SOLD_OUT": (_("Somebody was faster: there is not enough left."), _NOTHING, _LOOK),
    "PRICE_CHANGED": (_("A price has changed since you looked."), _NOTHING, _LOOK),
    "UNKNOWN_SKU": (_("Something in your cart is no longer for sale."), _NOTHING, _LOOK),
    "WRONG_CURRENCY": (_("Not everything in your cart has a price in the same currency."), _NOTHING, _LOOK),
    "QUANTITY_OUT_OF_RANGE": (_("A quantity is more than one order may have."), _NOTHING, _LOOK),
    "TOO_MANY_LINES": (_("The cart holds more than one order may have."), _NOTHING, _LOOK),
    "AMOUNT_OUT_OF_RANGE": (_("The total is more than one order may have."), _NOTHING, _LOOK),
    "CART_FULL": (
        _("Your cart is full."),
        _("Everything that was in it is still there."),
        _("Order what is in it, then fill it again; or take something out."),
    ),
    "EMAIL_WRONG": (
        _("This does not look like an email address."),
        _("Your cart is as it was, and nothing was ordered."),
        _("Correct the address, such as you@example.com, and place the order again."),
    ),
    "PHONE_WRONG": (
        _("This does not look like a telephone number."),
        _("Your cart is as it was, and nothing was ordered."),
        _("Correct the number, with its country if it is from abroad (+44 …), and place the order again."),
    ),
    "CONTACT_MISSING": (
        _("We have no way to reach you."),
        _("Your cart is as it was, and nothing was ordered."),
        _("Put in your email address or your telephone number, and place the order again."),
    ),
    "DRAFT_STALE": (_("This review was open for too long."), _NOTHING, _LOOK),
    "IDEMPOTENCY_KEY_REUSED": (
        _("This was sent before, with something else in it."),
        _("What was sent first stands as it was; nothing was changed and nothing was paid twice."),
        _("Open your order to see how it stands."),
    ),
    "IDEMPOTENCY_KEY_IN_FLIGHT": (
        _("This is being worked on at this moment."),
        _("It counts once, and nothing is paid twice."),
        _AGAIN,
    ),
    "OUTCOME_UNKNOWN": (
        _("The line broke before we knew how it ended."),
        _("It was kept completely or not at all, and nothing is paid twice."),
        _AGAIN,
    ),
    "CODES_HELD": (
        _("The codes of this order cannot be shown at the moment."),
        _("They are kept for you."),
        _("Please ask the shop about this order."),
    ),
    "DATABASE_UNAVAILABLE": (_("The shop is busy or starting again."), _NOTHING, _AGAIN),
    "DATABASE_BUSY": (_("The shop is busy or starting again."), _NOTHING, _AGAIN),
    "OVERLOADED": (_("Many customers are paying at this moment."), _STANDS, _AGAIN),
    "TAKES_LONGER": (_("The payment provider is slow to answer."), _STANDS, _AGAIN),
    "PROVIDER_UNAVAILABLE": (_("The payment provider does not answer."), _STANDS, _OTHER),
    "UNKNOWN_PROVIDER": (_("This way to pay is not open at the moment."), _STANDS, _OTHER),
    "UNKNOWN_METHOD": (_("This way to pay is not open at the moment."), _STANDS, _OTHER),
    "METHOD_MISSING": (_("No way to pay was chosen."), _STANDS, _("Choose one and press the button again.")),
    "OWNER_NEEDED": (
        _("This order belongs to an account, and is paid by its owner."),
        _STANDS,
        _("Sign in to that account and open the order from there."),
    ),
    "ORDER_NOT_PAYABLE": (
        _("This order does not wait for money any more."),
        _STANDS,
        _("See below how it stands; if it has ended, order again."),
    ),
    "BALANCE_UNKNOWN": (_("This is not the token of a balance of this shop."), _STANDS, _OTHER),
    "BALANCE_TOO_LOW": (_("There is not enough on this balance."), _STANDS, _OTHER),
    "BALANCE_BLOCKED": (_("This balance is blocked."), _STANDS, _OTHER),
    "BALANCE_WRONG_CURRENCY": (_("This balance is kept in another currency."), _STANDS, _OTHER),
    "TEXT_UNFIT": (
        _("The answer is empty, or too long."),
        _("Nothing was sent."),
        _("Write it into the form below and send it again."),
    ),
    "ANSWERED_ALREADY": (
        _("This question was answered before."),
        _("The first answer stands."),
        _("Write to the shop if there is more to say."),
    ),
    "NO_QUESTION": (
        _("Nothing is asked about this order any more."),
        _("The order stays as it is."),
        _("There is nothing left to do."),
    ),
    "ALREADY_CANCELLED": (
        _("This order is cancelled already."),
        _("Nothing is owed for it."),
        _("There is nothing left to do."),
    ),
    "CANNOT_CANCEL": (
        _("This order cannot be cancelled any more."),
        _("It stays as it is."),
        _("See below how it stands. Money for a paid order is given back by the shop."),
    ),
}
_UNFORESEEN: _Words = (
    _("Something went wrong here"),
    _("It is our mistake, and it is in the shop's log. Orders that were confirmed are safe."),
    _("Try again later; if it happens again, tell the shop the reference below."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What happened, what is safe, what to do now; `items` say it of single goods.

    `code` is for support, and so is the `reference` that a failure of ours has.
    """

    what: str
    kept: str
    remedy: str
    code: str = ""
    reference: str = ""
    items: tuple[str, ...] = ()


def status_of(error: EvertillError | None) -> int:
    """This function will return the HTTP status of a page that tells of an error; 200 for none."""
    return _HTTP.get(error.status, 422) if error else 200


def tell(
    error: EvertillError,
    *,
    items: tuple[str, ...] = (),
    has_order: bool = False,
    reference: str = "",
    is_kept: bool = False,
) -> Trouble:
    """This function will say of an error what its reader should know; `has_order` is he who has placed his already.

    `is_kept` says that support has what he wanted, under the `reference`. A failure of ours that has none yet gets one,
    and is logged under it.
    """
    known = _KNOWN.get(error.code)
    if not reference and (error.status in _OURS or known is None):
        reference = references.note("page told of a failure", code=error.code)
    what, kept, remedy = map(str, known or _UNFORESEEN)
    if has_order and known is not None and known[1] is _NOTHING:
        kept = str(_STANDS)
    if is_kept:
        kept = f"{kept} {_('What you entered is kept, and we can finish the order for you by hand.')}"
        remedy = f"{remedy} {_('Or leave it to us, and tell us the reference below if you write or call.')}"
    return Trouble(what=what, kept=kept, remedy=remedy, code=error.code, reference=reference, items=items)
