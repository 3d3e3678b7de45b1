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


class StockChange(models.Model):
    """What somebody said of the pieces of a SKU, and what that came to; rows are only ever added."""

    id = models.BigIntegerField(primary_key=True)
    sku = models.CharField(max_length=64, db_collation="C")
    kind = models.CharField(max_length=16)
    # Pieces that came, or went where it is below 0; 0 where a count found what was known.
    quantity = models.BigIntegerField()
    on_hand_before = models.BigIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=64)
    why = models.CharField(max_length=500)
    # The change that this one takes back.
    undoes = models.BigIntegerField(null=True)

    TYPED = ("why",)

    class Meta:
        db_table = "stock_change"
        constraints = (
            models.CheckConstraint(
                name="stock_change_kind_known",
                condition=Q(kind__in=("CAME_IN", "COUNTED", "LOST", "BROKEN", "UNDONE")),
            ),
            models.CheckConstraint(
                name="stock_change_signed",
                condition=Q(kind="CAME_IN", quantity__gt=0)
                | Q(kind__in=("LOST", "BROKEN"), quantity__lt=0)
                | Q(kind__in=("COUNTED", "UNDONE")),
            ),
            models.CheckConstraint(
                name="stock_change_undoes_one",
                condition=Q(kind="UNDONE", undoes__isnull=False) | (~Q(kind="UNDONE") & Q(undoes__isnull=True)),
            ),
            models.UniqueConstraint(
                name="stock_change_undone_once", fields=("undoes",), condition=Q(undoes__isnull=False)
            ),
        )
        indexes = (
            models.Index(name="stock_change_of_sku", fields=("sku", "-changed_at", "-id")),
            models.Index(name="stock_change_newest", fields=("-changed_at", "-id")),
        )
