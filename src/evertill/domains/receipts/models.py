"""Tables of receipts. What they hold is only added to; the queue of what is to be chained is no part of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Key(models.Model):
    """The public half of a key that signs; the other half is derived from the shop's secret. See types.PublicKey."""

    id = models.BigIntegerField(primary_key=True)
    generation = models.IntegerField()
    public = models.BinaryField()
    made_at = models.DateTimeField()
    vouched = models.BinaryField()

    class Meta:
        db_table = "receipts_key"
        constraints = (models.CheckConstraint(name="receipts_key_generation_positive", condition=Q(generation__gt=0)),)


class Batch(models.Model):
    """Orders under one signature; one row, so that an order costs next to nothing. See types.Batch."""

    id = models.BigIntegerField(primary_key=True)
    key_id = models.BigIntegerField()
    sealed_at = models.DateTimeField()
    order_ids = ArrayField(models.BigIntegerField())
    leaves = models.BinaryField()
    contacts = models.BinaryField()
    root = models.BinaryField()
    signature = models.BinaryField()

    class Meta:
        db_table = "receipts_batch"


class Seal(models.Model):
    """Batches and order events under one signature, chained to the seal before. See types.Seal."""

    number = models.BigIntegerField(primary_key=True)
    previous = models.BinaryField()
    key_id = models.BigIntegerField()
    sealed_at = models.DateTimeField()
    batch_ids = ArrayField(models.BigIntegerField())
    event_orders = ArrayField(models.BigIntegerField())
    event_positions = ArrayField(models.IntegerField())
    leaves = models.BinaryField()
    root = models.BinaryField()
    signature = models.BinaryField()

    class Meta:
        db_table = "receipts_seal"
        constraints = (models.CheckConstraint(name="receipts_seal_number_positive", condition=Q(number__gt=0)),)


class Unsealed(models.Model):
    """A batch that is not chained to those before it yet."""

    batch_id = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "receipts_unsealed"
