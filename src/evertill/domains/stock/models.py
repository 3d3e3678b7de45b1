"""Tables of stock. The names of the constraints are what errors and the audit speak of."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class StockItem(models.Model):
    """The running balance of one SKU."""

    sku = models.CharField(primary_key=True, max_length=64, db_collation="C")
    kind = models.CharField(max_length=16, default="COUNTED")
    on_hand = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)

    class Meta:
        db_table = "stock_item"
        constraints = (
            models.CheckConstraint(name="stock_item_kind_known", condition=Q(kind__in=("COUNTED", "UNLIMITED"))),
            models.CheckConstraint(name="stock_item_reserved_not_negative", condition=Q(reserved__gte=0)),
            # The wall behind the rule: a counted SKU can never be promised beyond what lies on the shelf.
            models.CheckConstraint(
                name="stock_item_not_oversold", condition=Q(kind="UNLIMITED") | Q(on_hand__gte=F("reserved"))
            ),
        )


class StockMovement(models.Model):
    """One change of a balance; rows are only ever added."""

    id = models.BigAutoField(primary_key=True)
    sku = models.CharField(max_length=64, db_collation="C")
    kind = models.CharField(max_length=16)
    quantity = models.BigIntegerField()
    order_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, default="", db_default="")
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "stock_movement"
        constraints = (
            models.CheckConstraint(
                name="stock_movement_kind_known",
                condition=Q(kind__in=("RECEIVED", "RESERVED", "RELEASED", "SOLD", "CORRECTED", "RETURNED")),
            ),
            models.CheckConstraint(
                name="stock_movement_quantity_signed", condition=Q(quantity__gt=0) | Q(kind="CORRECTED")
            ),
        )
