"""Cards: a product as staff edit it, value by value, with its history. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from evertill.domains.catalog import history, rules
from evertill.domains.catalog.categories import file_products, lock_writers
from evertill.domains.catalog.models import Category, Filing, Product, ProductText, Variant, VariantText
from evertill.domains.catalog.operations import ProductIncomplete, SkuTaken
from evertill.domains.catalog.queries import UnknownProduct
from evertill.domains.catalog.search import index_products
from evertill.domains.catalog.types import Card, Change, Plain, Status
from evertill.kernel import config
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a product that is held is to be, value by value; `undoes` is the change that it takes back."""

    card: Card
    wanted: Mapping[str, Plain]
    undoes: int | None = None


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


def hold_cards(*, slugs: Collection[str]) -> dict[str, Card]:
    """This function will return products as read_cards does, and keep others from changing any meanwhile."""
    lock_writers()
    return read_cards(slugs=slugs)


def save_card(
    *, card: Card, wanted: Mapping[str, Plain], by: str, why: str, now: dt.datetime, undoes: int | None = None
) -> Change | None:
    """This function will bring a product that is held to these values, and return the change; None when there is none.

    Values that `wanted` does not name stay. None, or an empty title, takes away what a product is called in a language.
    Raises ProductIncomplete and SkuTaken.
    """
    (saved,) = save_cards(edits=[Edit(card=card, wanted=wanted, undoes=undoes)], by=by, why=why, now=now)
    if isinstance(saved, EvertillError):
        raise saved
    return saved


def save_cards(
    *, edits: Sequence[Edit], by: str, why: str, now: dt.datetime
) -> list[Change | ProductIncomplete | SkuTaken | None]:
    """This function will do what save_card does to several products that are held, each of them named once.

    Of each it returns the change, None where there is none, or what save_card would raise; then nothing of that one is
    written, and the others are.
    """
    asked = [(edit, values) for edit in edits if (values := _asked(edit))]
    known = _Known.of(values for _, values in asked)
    faults: dict[int, ProductIncomplete | SkuTaken] = {}
    sound: list[_Asked] = []
    for edit, values in asked:
        try:
            known.check(edit.card, values)
        except (ProductIncomplete, SkuTaken) as fault:
            faults[edit.card.id] = fault
        else:
            sound.append((edit, values))
    changes = _write(sound, by=by, why=why, now=now)
    return [faults.get(edit.card.id) or changes.get(edit.card.id) for edit in edits]


def record_creations(*, slugs: Collection[str], by: str, why: str, now: dt.datetime) -> dict[str, Change]:
    """This function will begin the histories of products that were just made."""
    cards = read_cards(slugs=slugs)
    moves = [history.Move(of=card.id, values=differences(seen={}, now=card.values)) for card in cards.values()]
    changes = history.record_all(history.PRODUCTS, moves=moves, by=by, why=why, now=now)
    return dict(zip(cards, changes, strict=True))


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


def _asked(edit: Edit) -> dict[str, Plain]:
    return {name: value for name, value in edit.wanted.items() if not _is_same(edit.card.values.get(name), value)}


def _is_same(one: Plain, other: Plain) -> bool:
    # What has no value and what has an empty one are the same; what is not shown is neither.
    return one == other or (one in (None, "", []) and other in (None, "", []))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What of the catalogue says whether products can be what is asked of them."""

    categories: set[str]
    owners: dict[str, int]

    @classmethod
    def of(cls, asked: Iterable[Mapping[str, Plain]]) -> _Known:
        wanted = list(asked)
        slugs = {slug for one in wanted for slug in _slugs(one.get("categories"))}
        skus = {sku for one in wanted for name in one if (sku := rules.sku_of(name))}
        found = Category.objects.filter(slug__in=slugs).values_list("slug", flat=True) if slugs else ()
        owners = Variant.objects.filter(sku__in=skus).values_list("sku", "product_id") if skus else ()
        return cls(categories=set(found), owners=dict(owners))

    def check(self, card: Card, asked: Mapping[str, Plain]) -> None:
        """This function will raise where a product cannot be what is asked of it, else note which SKUs it gets."""
        first = config.get().languages[0]
        titled = {**card.values, **asked}
        for name, value in asked.items():
            fault = rules.fault_of_value(name, value, text_chars_max=config.get().product_text_chars_max)
            if fault is not None:
                raise ProductIncomplete(f"{name}: {fault}", name=name)
            language = rules.language_of_text(name)
            if language and value and not titled.get(rules.title_name(language)):
                raise ProductIncomplete(
                    f"There is a text in {language}, and no title.", name=rules.title_name(language)
                )
        if not titled.get(rules.title_name(first)):
            title = rules.title_name(first)
            raise ProductIncomplete("The product has no title in the shop's first language.", name=title)
        if not self.categories.issuperset(_slugs(asked.get("categories"))):
            raise ProductIncomplete("There is no such category.", name="categories")
        self._check_variants(card, titled, {sku for name in asked if (sku := rules.sku_of(name))})

    def _check_variants(self, card: Card, titled: Mapping[str, Plain], skus: Collection[str]) -> None:
        for sku in sorted(skus):
            name = rules.variant_name(sku, config.get().languages[0])
            if not titled.get(name):
                raise ProductIncomplete(f"The variant {sku} has no title.", name=name)
            if self.owners.setdefault(sku, card.id) != card.id:
                raise SkuTaken(f"{sku} belongs to another product.", skus=[sku])


def _slugs(categories: Plain) -> list[str]:
    return categories if isinstance(categories, list) else []


# What is to be of a product, behind what it is now.
_Asked = tuple[Edit, Mapping[str, Plain]]


def _write(asked: Sequence[_Asked], *, by: str, why: str, now: dt.datetime) -> dict[int, Change]:
    """Write what can be, and return the changes by product; one whose values have not moved has none."""
    if not asked:
        return {}
    _write_texts(asked)
    _write_variants(asked)
    for status in Status:
        ids = [edit.card.id for edit, values in asked if values.get("status") == status]
        if ids:
            Product.objects.filter(pk__in=ids).update(status=status)
    shelved = {edit.card.id: _slugs(values["categories"]) for edit, values in asked if "categories" in values}
    if shelved:
        file_products(categories=shelved)
    after = read_cards(slugs=[edit.card.slug for edit, _ in asked])
    moves = [
        history.Move(of=edit.card.id, values=moved, undoes=edit.undoes)
        for edit, _ in asked
        if (moved := differences(seen=edit.card.values, now=after[edit.card.slug].values))
    ]
    moved_ids = [move.of for move in moves]
    index_products(product_ids=moved_ids)
    Product.objects.filter(pk__in=moved_ids).update(updated_at=now)
    changes = history.record_all(history.PRODUCTS, moves=moves, by=by, why=why, now=now)
    return dict(zip(moved_ids, changes, strict=True))


def _write_texts(asked: Sequence[_Asked]) -> None:
    kept: list[ProductText] = []
    gone: dict[str, list[int]] = {}
    for edit, values in asked:
        both = {**edit.card.values, **values}
        for language in sorted({code for name in values if (code := rules.language_of_text(name)) is not None}):
            title, text = str(both.get(rules.title_name(language)) or ""), both.get(rules.text_name(language))
            if title:
                row = ProductText(product_id=edit.card.id, language=language, title=title, text=str(text or ""))
                kept.append(row)
            else:
                gone.setdefault(language, []).append(edit.card.id)
    ProductText.objects.bulk_create(
        kept, update_conflicts=True, unique_fields=["product", "language"], update_fields=["title", "text"]
    )
    for language, ids in gone.items():
        ProductText.objects.filter(product_id__in=ids, language=language).delete()


def _write_variants(asked: Sequence[_Asked]) -> None:
    first = config.get().languages[0]
    kept: list[Variant] = []
    for edit, values in asked:
        card, both = edit.card, {**edit.card.values, **values}
        skus = sorted({sku for name in values if (sku := rules.sku_of(name))})
        # New ones come behind those that are there, which keep their places.
        places = {
            sku: place for place, sku in enumerate([*card.variants, *(s for s in skus if s not in card.variants)])
        }
        kept += [
            Variant(
                product_id=card.id,
                sku=sku,
                title=str(both[rules.variant_name(sku, first)]),
                is_active=bool(both.get(rules.shown_name(sku), True)),
                position=places[sku],
            )
            for sku in skus
        ]
    Variant.objects.bulk_create(
        kept, update_conflicts=True, unique_fields=["sku"], update_fields=["title", "is_active"]
    )
    _name({variant.sku: variant for variant in kept}, asked, first)


def _name(variants: Mapping[str, Variant], asked: Sequence[_Asked], first: str) -> None:
    kept: list[VariantText] = []
    gone: dict[str, list[int]] = {}
    for name, value in (pair for _, values in asked for pair in values.items()):
        sku, language = rules.sku_of(name), rules.language_of_variant(name)
        if sku is None or language is None or language == first:
            continue
        if value:
            kept.append(VariantText(variant=variants[sku], language=language, title=str(value)))
        else:
            gone.setdefault(language, []).append(variants[sku].pk)
    VariantText.objects.bulk_create(
        kept, update_conflicts=True, unique_fields=["variant", "language"], update_fields=["title"]
    )
    for language, ids in gone.items():
        VariantText.objects.filter(variant_id__in=ids, language=language).delete()
