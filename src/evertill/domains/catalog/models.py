"""Tables of the catalogue."""

from __future__ import annotations

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
