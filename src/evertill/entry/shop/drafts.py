"""A draft: the order exactly as a visitor reviews it, sealed into the form, with the key that makes it count once.

What is placed is what was shown, however the cart has changed in another tab since; and however often the form is sent
(pressed twice, gone back to, loaded again after the line was cut), its key is the same, and so is the order.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import msgspec
from django.core import signing

from evertill.journeys.place_orders import AskedLine, PlaceOrder, digest_key
from evertill.kernel import crypto

_SALT = "evertill.draft"
# Whoever looks at his cart for longer reviews it once more; the key of a placed order is kept for ever.
_OPEN_S = 86400
# Keys of pages and of programs are never the same.
_CALLER = "page"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is under review; `total` in minor units is what the visitor agrees to."""

    key: str
    lines: dict[str, int]
    currency: str
    total: int


class DraftStale(Exception):
    """A text is not a draft of this shop, or was open for longer than a day."""


def draft(lines: Mapping[str, int], *, currency: str, total: int) -> Draft:
    """This function will draft an order under a new key."""
    return Draft(key=secrets.token_urlsafe(18), lines=dict(lines), currency=currency, total=total)


def seal(drafted: Draft) -> str:
    """This function will write a draft so that only this shop can have written it."""
    return signing.dumps(msgspec.to_builtins(drafted), salt=_SALT, compress=True)


def unseal(text: str) -> Draft:
    """This function will read a sealed draft; raises DraftStale."""
    try:
        return msgspec.convert(signing.loads(text, salt=_SALT, max_age=_OPEN_S), Draft)
    except signing.BadSignature:
        raise DraftStale from None


def ask(drafted: Draft, *, email: str) -> PlaceOrder:
    """This function will make the request for an order out of its draft."""
    said = msgspec.json.encode((list(drafted.lines.items()), drafted.currency, drafted.total, email))
    return PlaceOrder(
        key_digest=digest_key(caller=_CALLER, key=drafted.key.encode()),
        body_digest=crypto.fingerprint(said),
        lines=[AskedLine(sku=sku, quantity=quantity) for sku, quantity in drafted.lines.items()],
        currency=drafted.currency,
        email=email,
        expected_total=drafted.total,
    )
