"""The table of submissions. `id` is the 60-bit identifier whose text form is the reference (kernel.ids)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Submission(models.Model):
    """A checkout that failed and is kept; it goes on the day that the customer was told."""

    id = models.BigIntegerField(primary_key=True)
    state = models.CharField(max_length=16)
    # Digests of caller + Idempotency-Key, and of the body: those that the order would have had.
    key_digest = models.UUIDField()
    body_digest = models.UUIDField()
    code = models.CharField(max_length=64)
    email = models.CharField(max_length=254)
    phone = models.CharField(max_length=16)
    language = models.CharField(max_length=16)
    account_id = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    lines = models.JSONField()
    consent_version = models.CharField(max_length=32)
    consent_text = models.TextField()
    first_failed_at = models.DateTimeField()
    failed_at = models.DateTimeField()
    remove_at = models.DateTimeField()
    order_id = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, default="")
    note = models.CharField(max_length=500, default="")
    # Who is at it, so that two do not call the same customer.
    taken_by = models.CharField(max_length=90, default="", db_default="")
    taken_at = models.DateTimeField(null=True)

    TYPED = ("note",)
    OWN_IS_FORGOTTEN = True

    class Meta:
        db_table = "submissions_submission"
        constraints = (
            models.UniqueConstraint(name="submissions_submission_once_per_key", fields=("key_digest",)),
            models.CheckConstraint(
                name="submissions_submission_state_known", condition=Q(state__in=("OPEN", "PLACED", "CLOSED"))
            ),
            models.CheckConstraint(
                name="submissions_submission_ended_by_somebody",
                condition=Q(state="OPEN", ended_at__isnull=True, ended_by="")
                | (~Q(state="OPEN") & Q(ended_at__isnull=False) & ~Q(ended_by="")),
            ),
            models.CheckConstraint(
                name="submissions_submission_placed_has_order",
                condition=Q(state="PLACED", order_id__isnull=False) | (~Q(state="PLACED") & Q(order_id__isnull=True)),
            ),
            models.CheckConstraint(name="submissions_submission_has_contact", condition=~Q(email="") | ~Q(phone="")),
            # Nothing is kept of whom was not told that it is.
            models.CheckConstraint(
                name="submissions_submission_has_consent", condition=~Q(consent_version="") & ~Q(consent_text="")
            ),
        )
        indexes = (
            models.Index(name="submissions_submission_open", fields=("id",), condition=Q(state="OPEN")),
            models.Index(name="submissions_submission_latest", fields=("-failed_at", "-id")),
            models.Index(name="submissions_submission_to_go", fields=("remove_at",)),
        )
