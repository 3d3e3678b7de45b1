"""Tables of bulk. `id` of a bulk is the 60-bit identifier whose text form people see (kernel.ids)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now


class Bulk(models.Model):
    """One operation on many things, by whom and why."""

    id = models.BigIntegerField(primary_key=True)
    operation = models.CharField(max_length=60)
    options = models.TextField()
    why = models.CharField(max_length=500)
    asked_by = models.CharField(max_length=90)
    actor = models.TextField()
    digest = models.BinaryField()
    total = models.IntegerField()
    refused = models.IntegerField()
    state = models.CharField(max_length=16)
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=90, default="")
    ended_at = models.DateTimeField(null=True)

    TYPED = ("why",)

    class Meta:
        db_table = "bulk_bulk"
        constraints = (
            models.CheckConstraint(
                name="bulk_bulk_state_known",
                condition=Q(state__in=("DRAFT", "RUNNING", "DONE", "CANCELLED", "STOPPED")),
            ),
            models.CheckConstraint(name="bulk_bulk_named", condition=~Q(operation="") & ~Q(asked_by="")),
            models.CheckConstraint(
                name="bulk_bulk_counted", condition=Q(total__gt=0, refused__gte=0, refused__lte=F("total"))
            ),
            models.CheckConstraint(
                name="bulk_bulk_runs_confirmed",
                condition=Q(state__in=("DRAFT", "CANCELLED")) | Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="bulk_bulk_ended",
                condition=Q(state__in=("DRAFT", "RUNNING"), ended_at=None)
                | (~Q(state__in=("DRAFT", "RUNNING")) & Q(ended_at__isnull=False)),
            ),
        )
        indexes = (
            models.Index(name="bulk_bulk_latest", fields=("-made_at", "-id")),
            models.Index(name="bulk_bulk_running", fields=("confirmed_at", "id"), condition=Q(state="RUNNING")),
            models.Index(
                name="bulk_bulk_open_of", fields=("asked_by", "made_at"), condition=Q(state__in=("DRAFT", "RUNNING"))
            ),
        )


class Item(models.Model):
    """One thing of a bulk, and what became of it."""

    bulk = models.ForeignKey(Bulk, on_delete=models.CASCADE, db_index=False)
    place = models.IntegerField()
    subject = models.CharField(max_length=170)
    label = models.CharField(max_length=200)
    content = models.TextField()
    before = models.CharField(max_length=300)
    after = models.CharField(max_length=300)
    state = models.CharField(max_length=16)
    code = models.CharField(max_length=64)
    note = models.CharField(max_length=500)
    tries = models.SmallIntegerField(db_default=Value(0))
    claimed_until = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "bulk_item"
        constraints = (
            models.UniqueConstraint(name="bulk_item_place", fields=("bulk", "place")),
            models.UniqueConstraint(name="bulk_item_once", fields=("bulk", "subject")),
            models.CheckConstraint(
                name="bulk_item_state_known",
                condition=Q(state__in=("WAITING", "REFUSED", "DONE", "FAILED", "CANCELLED")),
            ),
            models.CheckConstraint(
                name="bulk_item_fails_for_a_reason", condition=~Q(state__in=("REFUSED", "FAILED")) | ~Q(code="")
            ),
            models.CheckConstraint(
                name="bulk_item_ended",
                condition=Q(state="WAITING", ended_at=None) | (~Q(state="WAITING") & Q(ended_at__isnull=False)),
            ),
        )
        indexes = (
            models.Index(name="bulk_item_waiting", fields=("bulk", "place"), condition=Q(state="WAITING")),
            models.Index(name="bulk_item_by_state", fields=("bulk", "state", "place")),
        )
