"""Writes of the catalogue. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Max

from evertill.domains.catalog.categories import file_products, lock_writers
from evertill.domains.catalog.models import Price, Product, ProductText, Variant, VariantText
from evertill.domains.catalog.rules import fault_of
from evertill.domains.catalog.search import index_products
from evertill.domains.catalog.types import ProductDraft, Saved, Status
from evertill.kernel import config
from evertill.kernel.errors import EvertillError

# Products that one round of statements handles.
_PART = 1000


class ProductIncomplete(EvertillError):
    """A product cannot be saved as it is drafted."""

    code = "PRODUCT_INCOMPLETE"


class SkuTaken(EvertillError):
    """A SKU belongs to another product already, or is named twice."""

    code = "SKU_TAKEN"
    status = "conflict"
    remedy = "Give the variant a SKU of its own, or save it under the product it belongs to."


def save_products(*, drafts: Sequence[ProductDraft], now: dt.datetime) -> Saved:
    """This function will save products with their texts, variants and prices, and count what that changed.

    Saving the same drafts again changes nothing. One writer of the catalogue goes at a time, the others wait.
    Raises ProductIncomplete, UnknownCategory, and SkuTaken when a SKU belongs to another product.
    """
    _check(drafts)
    lock_writers()
    created = changed = 0
    for start in range(0, len(drafts), _PART):
        part = drafts[start : start + _PART]
        new_ids, touched_ids = _save_part(part, now=now)
        created += len(new_ids)
        changed += len(touched_ids - new_ids)
    return Saved(created=created, changed=changed, unchanged=len(drafts) - created - changed)


def _check(drafts: Sequence[ProductDraft]) -> None:
    slugs = [draft.slug for draft in drafts]
    skus = [variant.sku for draft in drafts for variant in draft.variants]
    if len(set(slugs)) != len(slugs):
        raise ProductIncomplete("Two drafts have the same slug.")
    if len(set(skus)) != len(skus):
        twice = sorted({sku for sku in skus if skus.count(sku) > 1})
        raise SkuTaken(f"Named twice: {', '.join(twice[:10])}.", skus=twice)
    for draft in drafts:
        fault = fault_of(draft, text_chars_max=config.get().product_text_chars_max)
        if fault is not None:
            raise ProductIncomplete(f"{draft.slug[:120]}: {fault}")


def _save_part(drafts: Sequence[ProductDraft], *, now: dt.datetime) -> tuple[set[int], set[int]]:
    """Return the ids of new products, and of those with any change."""
    known = {p.slug: p for p in Product.objects.filter(slug__in=[draft.slug for draft in drafts])}
    new = [
        Product(slug=draft.slug, status=draft.status or Status.ACTIVE, created_at=now, updated_at=now)
        for draft in drafts
        if draft.slug not in known
    ]
    Product.objects.bulk_create(new)
    new_ids = {product.pk for product in new}
    known |= {product.slug: product for product in new}
    by_id = {known[draft.slug].pk: draft for draft in drafts}

    moved = [p for p in known.values() if (status := by_id[p.pk].status) is not None and p.status != status]
    for product in moved:
        product.status = str(by_id[product.pk].status)
    Product.objects.bulk_update(moved, ["status"])

    variants, renamed = _save_variants(by_id)
    renamed |= _save_texts(by_id)
    index_products(product_ids=renamed | new_ids)
    touched = {product.pk for product in moved} | renamed | _save_prices(by_id, variants)
    touched |= file_products(
        categories={key: draft.categories for key, draft in by_id.items() if draft.categories is not None}
    )
    Product.objects.filter(pk__in=touched - new_ids).update(updated_at=now)
    return new_ids, touched


def _save_texts(drafts: Mapping[int, ProductDraft]) -> set[int]:
    kept = {(t.product_id, t.language): t for t in ProductText.objects.filter(product_id__in=drafts)}
    saved = []
    for product_id, draft in drafts.items():
        for language, wanted in draft.texts.items():
            old = kept.get((product_id, language))
            text = wanted.text if wanted.text is not None else old.text if old else ""
            if old is None or (old.title, old.text) != (wanted.title, text):
                saved.append(ProductText(product_id=product_id, language=language, title=wanted.title, text=text))
    ProductText.objects.bulk_create(
        saved, update_conflicts=True, unique_fields=["product", "language"], update_fields=["title", "text"]
    )
    return {text.product_id for text in saved}


def _save_variants(drafts: Mapping[int, ProductDraft]) -> tuple[dict[str, Variant], set[int]]:
    skus = [variant.sku for draft in drafts.values() for variant in draft.variants]
    kept = {v.sku: v for v in Variant.objects.filter(sku__in=skus)}
    last = dict(Variant.objects.filter(product_id__in=drafts).values_list("product_id").annotate(Max("position")))
    taken = sorted(
        variant.sku
        for product_id, draft in drafts.items()
        for variant in draft.variants
        if variant.sku in kept and kept[variant.sku].product_id != product_id
    )
    if taken:
        raise SkuTaken(f"These SKUs belong to another product: {', '.join(taken[:10])}.", skus=taken)
    new, retitled = [], []
    for product_id, sku, title in _titled(drafts):
        old = kept.get(sku)
        if old is None:
            if not title:
                raise ProductIncomplete(f"The new variant {sku} has no title, nor has its product.")
            last[product_id] = last.get(product_id, -1) + 1
            new.append(Variant(product_id=product_id, sku=sku, title=title, position=last[product_id]))
        elif title and old.title != title:
            old.title = title
            retitled.append(old)
    Variant.objects.bulk_create(new)
    Variant.objects.bulk_update(retitled, ["title"], batch_size=_PART)
    kept |= {variant.sku: variant for variant in new}
    renamed = {variant.product_id for variant in (*new, *retitled)} | _save_variant_texts(drafts, kept)
    return kept, renamed


def _save_variant_texts(drafts: Mapping[int, ProductDraft], variants: Mapping[str, Variant]) -> set[int]:
    wanted = {
        (variants[variant.sku].pk, language): (product_id, title)
        for product_id, draft in drafts.items()
        for variant in draft.variants
        for language, title in variant.titles.items()
    }
    if not wanted:
        return set()
    kept = {
        (variant_id, language): title
        for variant_id, language, title in VariantText.objects.filter(
            variant_id__in={variant_id for variant_id, _ in wanted}
        ).values_list("variant_id", "language", "title")
    }
    moved = {key: said for key, said in wanted.items() if kept.get(key) != said[1]}
    VariantText.objects.bulk_create(
        [
            VariantText(variant_id=variant_id, language=language, title=title)
            for (variant_id, language), (_, title) in moved.items()
        ],
        update_conflicts=True,
        unique_fields=["variant", "language"],
        update_fields=["title"],
    )
    return {product_id for product_id, _ in moved.values()}


def _titled(drafts: Mapping[int, ProductDraft]) -> Iterator[tuple[int, str, str]]:
    first = config.get().languages[0]
    for product_id, draft in drafts.items():
        text = draft.texts.get(first) or next(iter(draft.texts.values()), None)
        for variant in draft.variants:
            yield product_id, variant.sku, variant.title or (text.title if text else "")


def _save_prices(drafts: Mapping[int, ProductDraft], variants: Mapping[str, Variant]) -> set[int]:
    kept = {
        (variant_id, currency): amount
        for variant_id, currency, amount in Price.objects.filter(
            variant_id__in=[variant.pk for variant in variants.values()]
        ).values_list("variant_id", "currency", "amount")
    }
    saved, touched = [], set()
    for product_id, draft in drafts.items():
        for variant in draft.variants:
            variant_id = variants[variant.sku].pk
            for currency, amount in variant.prices.items():
                if kept.get((variant_id, currency)) != amount:
                    saved.append(Price(variant_id=variant_id, currency=currency, amount=amount))
                    touched.add(product_id)
    Price.objects.bulk_create(
        saved, update_conflicts=True, unique_fields=["variant", "currency"], update_fields=["amount"]
    )
    return touched
