"""Tables of fulfilment."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Pool(models.Model):
    """A SKU that is sold by codes."""

    sku = models.CharField(primary_key=True, max_length=64, db_collation="C")
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "fulfilment_pool"


class Code(models.Model):
    """A code: encrypted, free until it is given to one piece of one line of an order, and never anybody else's then."""

    id = models.BigIntegerField(primary_key=True)
    sku = models.CharField(max_length=64, db_collation="C")
    secret = models.BinaryField()
    key_id = models.IntegerField()
    # Keyed: it tells a code that is known already, and nothing else.
    digest = models.BinaryField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=64)
    order_id = models.BigIntegerField(null=True)
    position = models.IntegerField(null=True)
    piece = models.IntegerField(null=True)
    given_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "fulfilment_code"
        constraints = (
            models.UniqueConstraint(name="fulfilment_code_once", fields=("digest",)),
            models.UniqueConstraint(
                name="fulfilment_code_given_once",
                fields=("order_id", "position", "piece"),
                condition=Q(order_id__isnull=False),
            ),
            models.CheckConstraint(
                name="fulfilment_code_given_whole",
                condition=Q(order_id__isnull=True, position__isnull=True, piece__isnull=True, given_at__isnull=True)
                | Q(order_id__isnull=False, position__gte=0, piece__gte=0, given_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(name="fulfilment_code_free", fields=("sku", "id"), condition=Q(order_id__isnull=True)),
            models.Index(name="fulfilment_code_of_key", fields=("key_id", "id")),
        )


class Due(models.Model):
    """Pieces of a SKU that a paid order waits for: written when it is paid, ended when the codes are given."""

    pk = models.CompositePrimaryKey("order_id", "sku")
    order_id = models.BigIntegerField()
    sku = models.CharField(max_length=64, db_collation="C")
    pieces = models.BigIntegerField()
    look_at = models.DateTimeField()
    state = models.CharField(max_length=16, default="WAITING", db_default="WAITING")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "fulfilment_due"
        constraints = (
            models.CheckConstraint(name="fulfilment_due_pieces_positive", condition=Q(pieces__gt=0)),
            models.CheckConstraint(
                name="fulfilment_due_state_known",
                condition=Q(state="WAITING", ended_at__isnull=True)
                | Q(state__in=("GIVEN", "VOID"), ended_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(name="fulfilment_due_to_give", fields=("look_at", "order_id"), condition=Q(state="WAITING")),
        )
