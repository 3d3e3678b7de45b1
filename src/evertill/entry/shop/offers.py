"""What a customer sees of a product: its price in his currency, and whether there is any left, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from evertill.journeys.browse_products import ProductOnSale, VariantOnSale
from evertill.kernel import config
from evertill.kernel.money import Money, as_decimal

# Of each language, the signs that need no country beside them.
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
_LOCAL_SIGNS = {"zh": {"CNY": "¥", "USD": "US$"}, "ja": {"JPY": "¥", "USD": "US$"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVariant:
    """A variant in words; `currency` is that of `price`, and `others` are its prices in the other currencies."""

    sku: str
    title: str
    price: str
    currency: str
    others: list[str]
    availability: str
    in_stock: bool
    is_scarce: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A product in words. `price` is that of its cheapest variant; `has_range` says that others cost more."""

    slug: str
    language: str
    title: str
    text: str
    price: str
    has_range: bool
    availability: str
    in_stock: bool
    is_scarce: bool
    variants: list[ShownVariant]


def show(product: ProductOnSale, *, currency: str, language: str) -> Shown:
    """This function will put a product into words, its prices in `currency` where it has one in that."""
    variants = [_show_variant(variant, currency=currency, language=language) for variant in product.variants]
    prices = {_price(variant.prices, currency)[1] for variant in product.variants if variant.prices}
    best = next((variant for variant in variants if variant.in_stock), variants[0])
    priced = [variant for variant in product.variants if variant.prices]
    cheapest = min(priced, key=lambda variant: _price(variant.prices, currency)[1], default=None)
    return Shown(
        slug=product.slug,
        language=product.language,
        title=product.title,
        text=product.text,
        price=next((shown.price for shown in variants if cheapest and shown.sku == cheapest.sku), ""),
        has_range=len(prices) > 1,
        availability=best.availability if len(variants) == 1 or not best.in_stock else _("In stock"),
        in_stock=best.in_stock,
        is_scarce=best.is_scarce and len(variants) == 1,
        variants=variants,
    )


def _show_variant(variant: VariantOnSale, *, currency: str, language: str) -> ShownVariant:
    own, amount = _price(variant.prices, currency)
    return ShownVariant(
        sku=variant.sku,
        title=variant.title,
        price=write_price(amount, own, language=language) if own else "",
        currency=own,
        others=[write_price(other, code, language=language) for code, other in variant.prices.items() if code != own],
        availability=_availability(variant),
        in_stock=variant.in_stock,
        is_scarce=variant.in_stock and variant.left is not None,
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


def write_price(amount: int, currency: str, *, language: str) -> str:
    """This function will write minor units as people of a language do: £8.50, CN¥68.00, CHF 12.00."""
    number = f"{as_decimal(Money(amount=amount, currency=currency)):,}"
    local = _LOCAL_SIGNS.get(language.partition("-")[0], {})
    if currency in local:
        return f"{local[currency]}{number}"
    if currency == "CNY":
        return f"CN¥{number}"
    return f"{_SIGNS[currency]}{number}" if currency in _SIGNS else f"{currency} {number}"
