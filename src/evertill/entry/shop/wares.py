"""The cart as it is shown: what each line is called, costs and lacks now, and what the whole comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from evertill.entry.pages.amounts import write_price
from evertill.entry.shop.offers import first_currency
from evertill.journeys.browse_products import ProductOnSale, VariantOnSale, find_variants
from evertill.journeys.keep_submission import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line in words; `problem` says why it cannot be ordered as it is, and is empty otherwise."""

    sku: str
    slug: str
    language: str
    title: str
    variant: str
    quantity: int
    unit_price: int
    price: str
    total: str
    problem: str

    @property
    def name(self) -> str:
        """What is ordered, on one line: the product, and which of its variants."""
        return f"{self.title} ({self.variant})" if self.variant else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A cart in words; `amount` is its total in minor units of `currency`. It can be ordered when `is_ready`."""

    lines: list[Line]
    amount: int
    currency: str
    total: str
    is_ready: bool


def show(cart: Mapping[str, int], *, preferred: str, language: str) -> Shown:
    """This function will put a cart into words, in the preferred currency if all of it has a price in that."""
    found = find_variants(skus=list(cart), languages=[language])
    currency = _common_currency([variant for _, variant in (found[sku] for sku in cart if sku in found)], preferred)
    lines, amount = [], 0
    for sku, quantity in cart.items():
        line, total = _show_line(sku, quantity, found.get(sku), currency=currency, language=language)
        lines.append(line)
        amount += total
    return Shown(
        lines=lines,
        amount=amount,
        currency=currency,
        total=write_price(amount, currency, language=language) if currency else "",
        is_ready=bool(lines) and not any(line.problem for line in lines),
    )


def recall(goods: Sequence[Wanted], *, currency: str, total: int, language: str) -> Shown:
    """This function will put into words what was shown before, for when the catalogue cannot be asked."""
    return Shown(
        lines=[
            Line(
                sku=one.sku,
                slug="",
                language="",
                title=one.title,
                variant="",
                quantity=one.quantity,
                unit_price=one.unit_price,
                price=write_price(one.unit_price, currency, language=language),
                total=write_price(one.unit_price * one.quantity, currency, language=language),
                problem="",
            )
            for one in goods
        ],
        amount=total,
        currency=currency,
        total=write_price(total, currency, language=language),
        is_ready=True,
    )


def _common_currency(variants: Sequence[VariantOnSale], preferred: str) -> str:
    if not variants:
        return ""
    common = [code for code in variants[0].prices if all(code in variant.prices for variant in variants)]
    return first_currency(common, preferred)


def _show_line(
    sku: str, quantity: int, found: tuple[ProductOnSale, VariantOnSale] | None, *, currency: str, language: str
) -> tuple[Line, int]:
    if found is None:
        gone = _("No longer for sale: please remove it.")
        line = Line(
            sku=sku,
            slug="",
            language="",
            title=sku,
            variant="",
            quantity=quantity,
            unit_price=0,
            price="",
            total="",
            problem=gone,
        )
        return line, 0
    product, variant = found
    price = variant.prices.get(currency, 0)
    is_whole = len(product.variants) > 1 and variant.title.startswith(product.title)
    line = Line(
        sku=sku,
        slug=product.slug,
        language=product.language,
        # Most variants are called as their product and something more; in another language they are not.
        title=variant.title if is_whole else product.title,
        variant=variant.title if len(product.variants) > 1 and not is_whole else "",
        quantity=quantity,
        unit_price=price,
        price=write_price(price, currency, language=language) if currency else "",
        total=write_price(price * quantity, currency, language=language) if currency else "",
        problem=_problem(variant, quantity, currency=currency),
    )
    return line, price * quantity


def _problem(variant: VariantOnSale, quantity: int, *, currency: str) -> str:
    if not currency:
        return _("It has no price in the currency of the others: please order it apart.")
    if not variant.in_stock:
        return _("Sold out: please remove it.")
    if variant.left is not None and quantity > variant.left:
        return ngettext(
            "Only %(count)s left: please take fewer.", "Only %(count)s left: please take fewer.", variant.left
        ) % {"count": variant.left}
    return ""
