"""Tables of orders. `id` is the 60-bit identifier whose text form is the order number (kernel.ids)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Order(models.Model):
    """What a customer asked for and the shop acknowledged."""

    id = models.BigIntegerField(primary_key=True)
    state = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    email = models.CharField(max_length=254)
    placed_at = models.DateTimeField()
    reserved_until = models.DateTimeField()
    # Digests of caller + Idempotency-Key, and of the body that came with it.
    key_digest = models.UUIDField()
    body_digest = models.UUIDField()

    class Meta:
        db_table = "orders_order"
        constraints = (
            models.UniqueConstraint(name="orders_order_once_per_key", fields=("key_digest",)),
            models.CheckConstraint(
                name="orders_order_state_known",
                condition=Q(state__in=("PLACED", "PAID", "REFUNDED", "CANCELLED", "EXPIRED")),
            ),
            models.CheckConstraint(name="orders_order_total_not_negative", condition=Q(total__gte=0)),
        )
        indexes = (
            models.Index(name="orders_order_to_expire", fields=("reserved_until",), condition=Q(state="PLACED")),
        )


class OrderLine(models.Model):
    """One line of an order, as it was when the order was placed."""

    pk = models.CompositePrimaryKey("order_id", "position")
    order_id = models.BigIntegerField()
    position = models.IntegerField()
    sku = models.CharField(max_length=64, db_collation="C")
    title = models.CharField(max_length=200)
    quantity = models.IntegerField()
    unit_price = models.BigIntegerField()
    # Pieces given back, or promised to be: they count from the moment a refund is requested.
    returned = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "orders_line"
        constraints = (
            models.CheckConstraint(name="orders_line_quantity_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(name="orders_line_price_not_negative", condition=Q(unit_price__gte=0)),
            models.CheckConstraint(
                name="orders_line_returned_within_quantity",
                condition=Q(returned__gte=0) & Q(returned__lte=F("quantity")),
            ),
        )


class Hold(models.Model):
    """A reason not to hand over an order's goods; released rows stay, so that they tell who held it, and how long."""

    id = models.BigAutoField(primary_key=True)
    order_id = models.BigIntegerField()
    reason = models.CharField(max_length=32)
    subject = models.CharField(max_length=200)
    actor = models.CharField(max_length=64)
    held_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "orders_hold"
        constraints = (
            models.UniqueConstraint(
                name="orders_hold_once",
                fields=("order_id", "reason", "subject"),
                condition=Q(released_at__isnull=True),
            ),
            models.CheckConstraint(name="orders_hold_named", condition=~Q(reason="") & ~Q(subject="")),
            models.CheckConstraint(
                name="orders_hold_released_by_somebody",
                condition=Q(released_at__isnull=True, released_by="")
                | (Q(released_at__isnull=False) & ~Q(released_by="")),
            ),
        )


class OrderEvent(models.Model):
    """What happened to an order; rows are only ever added."""

    pk = models.CompositePrimaryKey("order_id", "position")
    order_id = models.BigIntegerField()
    position = models.IntegerField()
    kind = models.CharField(max_length=32)
    actor = models.CharField(max_length=64)
    happened_at = models.DateTimeField()

    class Meta:
        db_table = "orders_event"


class Return(models.Model):
    """Which pieces of which line a refund gives back; a row is written once and ended once."""

    pk = models.CompositePrimaryKey("refund_id", "position")
    refund_id = models.BigIntegerField()
    position = models.IntegerField()
    order_id = models.BigIntegerField(db_index=True)
    quantity = models.IntegerField()
    state = models.CharField(max_length=16)
    restock = models.BooleanField()
    actor = models.CharField(max_length=64)
    promised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_return"
        constraints = (
            models.CheckConstraint(
                name="orders_return_state_known", condition=Q(state__in=("PROMISED", "DONE", "UNDONE"))
            ),
            models.CheckConstraint(name="orders_return_quantity_positive", condition=Q(quantity__gt=0)),
        )
