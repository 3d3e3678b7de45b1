"""What a customer sees of a product: its price in his currency, and whether there is any left, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from evertill.entry.pages.amounts import write_price
from evertill.journeys.browse_products import ProductOnSale, VariantOnSale
from evertill.kernel import config

# What a card of a product says of it.
_ABOUT_CHARS_MAX = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVariant:
    """A variant in words; `currency` is that of `price`, and `others` are its prices in the other currencies.

    `stock` says of the availability how it is shown: plenty, few or none.
    """

    sku: str
    title: str
    price: str
    currency: str
    others: list[str]
    availability: str
    stock: str
    in_stock: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A product in words. `price` is that of its cheapest variant, and says so where others cost more.

    `about` is the beginning of its text. Lists show two dozen of them, so that nothing is left for them to work out.
    """

    slug: str
    address: str
    language: str
    title: str
    text: str
    about: str
    price: str
    availability: str
    stock: str
    in_stock: bool
    variants: list[ShownVariant]


def show(product: ProductOnSale, *, currency: str, language: str) -> Shown:
    """This function will put a product into words, its prices in `currency` where it has one in that."""
    variants = [_show_variant(variant, currency=currency, language=language) for variant in product.variants]
    best = next((variant for variant in variants if variant.in_stock), variants[0])
    is_one = len(variants) == 1
    return Shown(
        slug=product.slug,
        address=reverse("shop:product", args=[product.slug]),
        language=product.language,
        title=product.title,
        text=product.text,
        about=_beginning(product.text),
        price=_least(product, currency=currency, language=language),
        availability=best.availability if is_one or not best.in_stock else _("In stock"),
        stock=best.stock if is_one or not best.in_stock else "plenty",
        in_stock=best.in_stock,
        variants=variants,
    )


def _least(product: ProductOnSale, *, currency: str, language: str) -> str:
    prices = [_price(variant.prices, currency) for variant in product.variants if variant.prices]
    if not prices:
        return ""
    own, least = min(prices, key=lambda price: price[1])
    written = write_price(least, own, language=language)
    if all(amount == least for _own, amount in prices):
        return written
    return _("from %(price)s") % {"price": written}


def _beginning(text: str) -> str:
    return text if len(text) <= _ABOUT_CHARS_MAX else f"{text[: _ABOUT_CHARS_MAX - 1].rstrip()}…"


def _show_variant(variant: VariantOnSale, *, currency: str, language: str) -> ShownVariant:
    own, amount = _price(variant.prices, currency)
    return ShownVariant(
        sku=variant.sku,
        title=variant.title,
        price=write_price(amount, own, language=language) if own else "",
        currency=own,
        others=[write_price(other, code, language=language) for code, other in variant.prices.items() if code != own],
        availability=_availability(variant),
        stock="none" if not variant.in_stock else "plenty" if variant.left is None else "few",
        in_stock=variant.in_stock,
    )


def _price(prices: Mapping[str, int], currency: str) -> tuple[str, int]:
    own = first_currency(prices, currency)
    return own, prices.get(own, 0)


def first_currency(priced: Collection[str], wanted: str) -> str:
    """This function will return the wanted currency if anything is priced in it, else the first that is, or ""."""
    known = (code for code in (wanted, *config.get().currencies) if code in priced)
    return next(known, next(iter(priced), ""))


def _availability(variant: VariantOnSale) -> str:
    if not variant.in_stock:
        return _("Sold out")
    if variant.left is None:
        return _("In stock")
    return ngettext("%(count)s left", "%(count)s left", variant.left) % {"count": variant.left}
