"""Tables of the trail. What they hold is never changed: triggers refuse it, and the keyed hashes tell."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Chain(models.Model):
    """Where a chain stands. A transaction that writes holds one of them, so that it need not wait for others."""

    chain = models.IntegerField(primary_key=True)
    seq = models.BigIntegerField()
    mac = models.BinaryField()

    class Meta:
        db_table = "trail_chain"
        constraints = (models.CheckConstraint(name="trail_chain_not_negative", condition=Q(chain__gt=0, seq__gte=0)),)


class Record(models.Model):
    """Something that was done, or refused. The fields are those of types.Record."""

    id = models.BigIntegerField(primary_key=True)
    form = models.SmallIntegerField()
    chain = models.IntegerField()
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    session_id = models.BigIntegerField()
    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=64)
    roles = models.CharField(max_length=300)
    factors = models.CharField(max_length=100)
    place = models.CharField(max_length=100)
    operation = models.CharField(max_length=60, db_collation="C")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=128)
    before = models.TextField()
    after = models.TextField()
    why = models.CharField(max_length=500)
    outcome = models.CharField(max_length=20)
    key_mark = models.IntegerField()
    mac = models.BinaryField()

    TYPED = ("why",)

    class Meta:
        db_table = "trail_record"
        constraints = (
            models.UniqueConstraint(name="trail_record_place", fields=("chain", "seq")),
            models.CheckConstraint(name="trail_record_outcome_known", condition=Q(outcome__in=("DONE", "REFUSED"))),
            models.CheckConstraint(name="trail_record_named", condition=~Q(actor_kind="") & ~Q(operation="")),
            models.CheckConstraint(name="trail_record_placed", condition=Q(chain__gt=0, seq__gt=0)),
        )
        indexes = (
            models.Index(name="trail_record_newest", fields=("-at", "-id")),
            models.Index(name="trail_record_by_actor", fields=("actor_kind", "actor_id", "-at")),
            models.Index(name="trail_record_by_operation", fields=("operation", "-at")),
            models.Index(name="trail_record_by_subject", fields=("subject_kind", "subject_id", "-at")),
        )
