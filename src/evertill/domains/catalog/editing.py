"""Cards: a product as staff edit it, value by value, with its history. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from evertill.domains.catalog import history, rules
from evertill.domains.catalog.categories import file_products, lock_writers
from evertill.domains.catalog.models import Category, Filing, Product, ProductText, Variant, VariantText
from evertill.domains.catalog.operations import ProductIncomplete, SkuTaken
from evertill.domains.catalog.queries import UnknownProduct
from evertill.domains.catalog.search import index_products
from evertill.domains.catalog.types import Card, Change, Plain, Status
from evertill.kernel import config
from evertill.kernel.versions import differences


def read_card(*, slug: str) -> Card:
    """This function will return a product as it is, shown or hidden; raises UnknownProduct."""
    found = read_cards(slugs=[slug])
    if slug not in found:
        raise UnknownProduct(f"There is no product '{slug[:120]}'.")
    return found[slug]


def read_cards(*, slugs: Collection[str]) -> dict[str, Card]:
    """This function will return products as they are, shown or hidden, by slug; who is not there is missing."""
    products = {one.pk: one for one in Product.objects.filter(slug__in=[slug for slug in slugs if "\0" not in slug])}
    first = config.get().languages[0]
    values: dict[int, dict[str, Plain]] = {
        one.pk: {"status": one.status, "categories": []} for one in products.values()
    }
    shelves: dict[int, list[str]] = {pk: [] for pk in products}
    filings = Filing.objects.filter(product_id__in=products, is_own=True)
    for pk, slug in filings.order_by("category__position", "category_id").values_list("product_id", "category__slug"):
        shelves[pk].append(slug)
    for text in ProductText.objects.filter(product_id__in=products).order_by("language"):
        values[text.product_id] |= {
            rules.title_name(text.language): text.title,
            rules.text_name(text.language): text.text,
        }
    skus: dict[int, list[str]] = {pk: [] for pk in products}
    for variant in Variant.objects.filter(product_id__in=products).order_by("position", "id"):
        values[variant.product_id][rules.variant_name(variant.sku, first)] = variant.title
        values[variant.product_id][rules.shown_name(variant.sku)] = variant.is_active
        skus[variant.product_id].append(variant.sku)
    told = VariantText.objects.filter(variant__product_id__in=products).select_related("variant").order_by("id")
    for one in told:
        values[one.variant.product_id][rules.variant_name(one.variant.sku, one.language)] = one.title
    return {
        product.slug: Card(
            id=pk,
            slug=product.slug,
            values=values[pk] | {"categories": list(shelves[pk])},
            variants=tuple(skus[pk]),
            updated_at=product.updated_at,
        )
        for pk, product in products.items()
    }


def hold_card(*, slug: str) -> Card:
    """This function will return a product and keep others from changing it meanwhile; raises UnknownProduct."""
    lock_writers()
    return read_card(slug=slug)


def save_card(
    *, card: Card, wanted: Mapping[str, Plain], by: str, why: str, now: dt.datetime, undoes: int | None = None
) -> Change | None:
    """This function will bring a product that is held to these values, and return the change; None when there is none.

    Values that `wanted` does not name stay. None, or an empty title, takes away what a product is called in a language.
    Raises ProductIncomplete, SkuTaken, and UnknownCategory.
    """
    asked = {name: value for name, value in wanted.items() if (card.values.get(name) or "") != (value or "")}
    if not asked:
        return None
    _check(card, asked)
    _write_texts(card, asked)
    _write_variants(card, asked)
    if "status" in asked:
        Product.objects.filter(pk=card.id).update(status=asked["status"])
    if "categories" in asked:
        categories = asked["categories"]
        file_products(categories={card.id: list(categories) if isinstance(categories, list) else []})
    after = read_card(slug=card.slug)
    moved = differences(seen=card.values, now=after.values)
    if not moved:
        return None
    index_products(product_ids=[card.id])
    Product.objects.filter(pk=card.id).update(updated_at=now)
    return history.record(history.PRODUCTS, of=card.id, moved=moved, by=by, why=why, now=now, undoes=undoes)


def record_creation(*, slug: str, by: str, why: str, now: dt.datetime) -> Change:
    """This function will begin the history of a product that was just made."""
    card = read_card(slug=slug)
    moved = differences(seen={}, now=card.values)
    return history.record(history.PRODUCTS, of=card.id, moved=moved, by=by, why=why, now=now)


def undo_change(*, card: Card, change: Change, by: str, why: str, now: dt.datetime) -> Change | None:
    """This function will bring back what a change of a product that is held took away, and return the new change.

    A variant that it brought is hidden and stays, because orders name it. Raises what history.check_undoable and
    save_card raise.
    """
    history.check_undoable(change, what=card.slug, now=card.values)
    wanted = dict(change.before)
    for name in change.after:
        sku = rules.sku_of(name)
        if sku and change.before.get(rules.shown_name(sku)) is None and rules.shown_name(sku) in change.after:
            wanted.pop(name, None)
            wanted[rules.shown_name(sku)] = False
    if change.before.get("status") is None and "status" in change.after:
        # What made the product: it stays, out of everybody's sight.
        wanted = {"status": Status.ARCHIVED.value}
    return save_card(card=card, wanted=wanted, by=by, why=why, now=now, undoes=change.id)


def _check(card: Card, asked: Mapping[str, Plain]) -> None:
    first = config.get().languages[0]
    titled = {**card.values, **asked}
    for name, value in asked.items():
        fault = rules.fault_of_value(name, value, text_chars_max=config.get().product_text_chars_max)
        if fault is not None:
            raise ProductIncomplete(f"{name}: {fault}", name=name)
        sku = rules.sku_of(name)
        if sku and not titled.get(rules.variant_name(sku, first)):
            raise ProductIncomplete(f"The variant {sku} has no title.", name=rules.variant_name(sku, first))
        language = rules.language_of_text(name)
        if language and value and not titled.get(rules.title_name(language)):
            raise ProductIncomplete(f"There is a text in {language}, and no title.", name=rules.title_name(language))
    if not titled.get(rules.title_name(first)):
        raise ProductIncomplete("The product has no title in the shop's first language.", name=rules.title_name(first))
    categories = asked.get("categories")
    known = Category.objects.filter(slug__in=categories).count() if isinstance(categories, list) else 0
    if isinstance(categories, list) and known != len(set(categories)):
        raise ProductIncomplete("There is no such category.", name="categories")


def _write_texts(card: Card, asked: Mapping[str, Plain]) -> None:
    languages = {language for name in asked if (language := rules.language_of_text(name)) is not None}
    for language in sorted(languages):
        both = {**card.values, **asked}
        title, text = str(both.get(rules.title_name(language)) or ""), both.get(rules.text_name(language))
        if title:
            ProductText.objects.update_or_create(
                product_id=card.id, language=language, defaults={"title": title, "text": str(text or "")}
            )
        else:
            ProductText.objects.filter(product_id=card.id, language=language).delete()


def _write_variants(card: Card, asked: Mapping[str, Plain]) -> None:
    first = config.get().languages[0]
    skus = {sku for name in asked if (sku := rules.sku_of(name))}
    known = {variant.sku: variant for variant in Variant.objects.filter(sku__in=skus)}
    place = len(card.variants)
    for sku in sorted(skus):
        variant = known.get(sku)
        if variant is None:
            variant = Variant(product_id=card.id, sku=sku, position=place)
            place += 1
        elif variant.product_id != card.id:
            raise SkuTaken(f"{sku} belongs to another product.", skus=[sku])
        both = {**card.values, **asked}
        variant.title = str(both[rules.variant_name(sku, first)])
        variant.is_active = bool(both.get(rules.shown_name(sku), True))
        variant.save()
        _name(variant, {n: asked[n] for n in asked if rules.sku_of(n) == sku}, first)


def _name(variant: Variant, asked: Mapping[str, Plain], first: str) -> None:
    for name, value in asked.items():
        language = rules.language_of_variant(name)
        if language is None or language == first:
            continue
        if value:
            VariantText.objects.update_or_create(variant=variant, language=language, defaults={"title": str(value)})
        else:
            VariantText.objects.filter(variant=variant, language=language).delete()
