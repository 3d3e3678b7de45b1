"""Tables of the catalogue."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class Product(models.Model):
    """Something the shop shows; what is bought is one of its variants."""

    slug = models.SlugField(max_length=120, unique=True, db_collation="C")
    status = models.CharField(max_length=16, default="ACTIVE")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "catalog_product"
        constraints = (
            models.CheckConstraint(
                name="catalog_product_status_known", condition=Q(status__in=("DRAFT", "ACTIVE", "ARCHIVED"))
            ),
        )


class ProductText(models.Model):
    """What a product is called and said to be, in one language."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=16)
    title = models.CharField(max_length=200)
    text = models.TextField(default="", blank=True)

    class Meta:
        db_table = "catalog_product_text"
        constraints = (
            models.UniqueConstraint(name="catalog_product_text_once_per_language", fields=("product", "language")),
        )


class Variant(models.Model):
    """One SKU: what can be ordered. `title` is what the order line says, in the shop's first language."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=64, unique=True, db_collation="C")
    title = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "catalog_variant"


class VariantText(models.Model):
    """What a variant is called in a language that is not the shop's first."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=16)
    title = models.CharField(max_length=200)

    class Meta:
        db_table = "catalog_variant_text"
        constraints = (
            models.UniqueConstraint(name="catalog_variant_text_once_per_language", fields=("variant", "language")),
        )


class Price(models.Model):
    """What a variant costs in one currency, in minor units."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="prices")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()

    class Meta:
        db_table = "catalog_price"
        constraints = (
            models.UniqueConstraint(name="catalog_price_once_per_currency", fields=("variant", "currency")),
            models.CheckConstraint(name="catalog_price_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(name="catalog_price_currency_form", condition=Q(currency__regex="^[A-Z]{3}$")),
        )


class Category(models.Model):
    """A shelf: products are filed on it. One below another is at its end; there is no third level."""

    slug = models.CharField(max_length=120, unique=True, db_collation="C")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    level = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveIntegerField(default=0)
    # Customers see neither it nor what is below it; what is filed on it stays filed.
    is_retired = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "catalog_category"
        constraints = (
            # With the rule that a parent has level 1 there are two levels, and no circle.
            models.CheckConstraint(
                name="catalog_category_two_levels",
                condition=Q(level=1, parent__isnull=True) | Q(level=2, parent__isnull=False),
            ),
        )


class CategoryText(models.Model):
    """What a category is called in one language."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=16)
    title = models.CharField(max_length=80)

    class Meta:
        db_table = "catalog_category_text"
        constraints = (
            models.UniqueConstraint(name="catalog_category_text_once_per_language", fields=("category", "language")),
        )


class Filing(models.Model):
    """A product on a shelf. What is on a lower shelf is on the one above too, not as its own."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="filings", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="filings")
    is_own = models.BooleanField()

    class Meta:
        db_table = "catalog_filing"
        # A page of a category is a piece of this index.
        constraints = (models.UniqueConstraint(name="catalog_filing_once", fields=("category", "product")),)


class Search(models.Model):
    """By which a product is found: titles and SKUs, texts, and the grams of the first and of both (words.py)."""

    product = models.OneToOneField(Product, primary_key=True, on_delete=models.CASCADE, related_name="search")
    title = models.TextField()
    text = models.TextField()
    title_grams = ArrayField(models.IntegerField())
    all_grams = ArrayField(models.IntegerField())

    class Meta:
        db_table = "catalog_search"
        indexes = (
            GinIndex(name="catalog_search_title_grams", fields=("title_grams",)),
            GinIndex(name="catalog_search_all_grams", fields=("all_grams",)),
        )


class Change(models.Model):
    """One change of a product by somebody; rows are only ever added. `before` and `after` are JSON, by name."""

    id = models.BigIntegerField(primary_key=True)
    # No foreign key: the history of what is gone stays.
    product_id = models.BigIntegerField()
    number = models.PositiveIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64)
    why = models.CharField(max_length=500)
    before = models.TextField()
    after = models.TextField()
    # The change that this one takes back.
    undoes = models.BigIntegerField(null=True)

    TYPED = ("why",)

    class Meta:
        db_table = "catalog_change"
        constraints = (
            models.UniqueConstraint(name="catalog_change_place", fields=("product_id", "number")),
            models.UniqueConstraint(
                name="catalog_change_undone_once", fields=("undoes",), condition=Q(undoes__isnull=False)
            ),
            models.CheckConstraint(name="catalog_change_numbered", condition=Q(number__gt=0)),
        )


class CategoryChange(models.Model):
    """One change of a category by somebody; rows are only ever added. `before` and `after` are JSON, by name."""

    id = models.BigIntegerField(primary_key=True)
    # No foreign key: the history of what is gone stays.
    category_id = models.BigIntegerField()
    number = models.PositiveIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64)
    why = models.CharField(max_length=500)
    before = models.TextField()
    after = models.TextField()
    # The change that this one takes back.
    undoes = models.BigIntegerField(null=True)

    TYPED = ("why",)

    class Meta:
        db_table = "catalog_category_change"
        constraints = (
            models.UniqueConstraint(name="catalog_category_change_place", fields=("category_id", "number")),
            models.UniqueConstraint(
                name="catalog_category_change_undone_once", fields=("undoes",), condition=Q(undoes__isnull=False)
            ),
            models.CheckConstraint(name="catalog_category_change_numbered", condition=Q(number__gt=0)),
        )


class PriceChange(models.Model):
    """One change of one price by somebody, in minor units; None is no price. Rows are only ever added."""

    id = models.BigIntegerField(primary_key=True)
    sku = models.CharField(max_length=64, db_collation="C")
    currency = models.CharField(max_length=3)
    before = models.BigIntegerField(null=True)
    after = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=90, default="", db_default="")
    why = models.CharField(max_length=500)
    undoes = models.BigIntegerField(null=True)

    TYPED = ("why",)

    class Meta:
        db_table = "catalog_price_change"
        constraints = (
            models.UniqueConstraint(
                name="catalog_price_change_undone_once", fields=("undoes",), condition=Q(undoes__isnull=False)
            ),
            models.CheckConstraint(
                name="catalog_price_change_not_negative",
                condition=(Q(before__isnull=True) | Q(before__gte=0)) & (Q(after__isnull=True) | Q(after__gte=0)),
            ),
        )
        indexes = (
            models.Index(name="catalog_price_change_of_sku", fields=("sku", "currency", "-changed_at", "-id")),
            models.Index(name="catalog_price_change_newest", fields=("-changed_at", "-id")),
        )


class PlannedPrice(models.Model):
    """A price that begins at a moment: until then the present one stands, so that orders need not look here."""

    id = models.BigIntegerField(primary_key=True)
    sku = models.CharField(max_length=64, db_collation="C")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    begins_at = models.DateTimeField()
    state = models.CharField(max_length=16, default="PLANNED")
    planned_at = models.DateTimeField()
    planned_by = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=90, default="", db_default="")
    why = models.CharField(max_length=500)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, default="", db_default="")

    TYPED = ("why",)

    class Meta:
        db_table = "catalog_planned_price"
        constraints = (
            models.UniqueConstraint(
                name="catalog_planned_price_once",
                fields=("sku", "currency", "begins_at"),
                condition=Q(state="PLANNED"),
            ),
            models.CheckConstraint(name="catalog_planned_price_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="catalog_planned_price_state_known",
                condition=Q(state="PLANNED", ended_at__isnull=True)
                | Q(state__in=("BEGUN", "CANCELLED", "MISSED"), ended_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(name="catalog_planned_price_due", fields=("begins_at", "id"), condition=Q(state="PLANNED")),
        )
