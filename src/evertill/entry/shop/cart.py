"""The cart: SKUs and quantities, in a signed cookie.

Nobody has to sign in, nothing is written before somebody orders, a restart of the shop empties no cart, and there is
nothing to clean up. No price is in it: what things cost is asked of the catalogue whenever the cart is shown. The
signature keeps out what this shop never wrote, so that nothing in it has to be checked again.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.core import signing
from django.http import HttpRequest, HttpResponse

from evertill.entry.pages import cookies
from evertill.kernel import config
from evertill.kernel.errors import EvertillError

_COOKIE = "cart"
_PIECES = "pieces"
_SALT = "evertill.cart"
_KEPT_S = 30 * 86400
# Browsers keep cookies of 4096 bytes, name and attributes included.
_BYTES_MAX = 3600


class CartFull(EvertillError):
    """The cart has as many lines as a cart may have."""

    code = "CART_FULL"
    status = "conflict"
    kept = "Your cart is as it was."
    remedy = "Order what is in it, then fill it again; or take something out."


def read(request: HttpRequest) -> dict[str, int]:
    """This function will return a visitor's cart, quantities by SKU in the order in which they were put in."""
    kept = cookies.read(request, _COOKIE)
    if not kept:
        return {}
    try:
        return dict(signing.loads(kept, salt=_SALT, max_age=_KEPT_S))
    except signing.BadSignature:
        return {}


def bounded(lines: Mapping[str, int]) -> dict[str, int]:
    """This function will return the lines of a cart without those of nothing; raises CartFull."""
    most = config.get().quantity_max
    kept = {sku: min(quantity, most) for sku, quantity in lines.items() if quantity > 0}
    if len(kept) > config.get().cart_lines_max or len(_write(kept)) > _BYTES_MAX:
        raise CartFull("The cart is full.")
    return kept


def keep(answer: HttpResponse, lines: Mapping[str, int]) -> HttpResponse:
    """This function will have the browser keep a cart that is within its bounds, and its number of pieces beside it."""
    if lines:
        cookies.keep(answer, _COOKIE, _write(lines), max_age_s=_KEPT_S)
        # The pages that everybody may keep cannot say it; cart.js reads it here. It counts for nothing else.
        cookies.keep(answer, _PIECES, str(sum(lines.values())), max_age_s=_KEPT_S, for_scripts=True)
    else:
        cookies.drop(answer, _COOKIE)
        cookies.drop(answer, _PIECES)
    return answer


def _write(lines: Mapping[str, int]) -> str:
    return signing.dumps(list(lines.items()), salt=_SALT, compress=True)
