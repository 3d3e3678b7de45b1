"""Tables of approvals."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Approval(models.Model):
    """What one person asks for and another one decides."""

    id = models.BigIntegerField(primary_key=True)
    operation = models.CharField(max_length=60)
    subject = models.CharField(max_length=170)
    content = models.TextField()
    digest = models.BinaryField()
    asked_by = models.CharField(max_length=90)
    asked_at = models.DateTimeField()
    why = models.CharField(max_length=500)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=20)
    decided_by = models.CharField(max_length=90, default="")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=500, default="")
    spent_at = models.DateTimeField(null=True)

    TYPED = ("why", "decision", "content")

    class Meta:
        db_table = "approvals_approval"
        constraints = (
            models.CheckConstraint(
                name="approvals_approval_state_known",
                condition=Q(state__in=("WAITING", "APPROVED", "REFUSED", "WITHDRAWN", "SPENT")),
            ),
            # Whatever else goes wrong, nobody decides what he asked for.
            models.CheckConstraint(name="approvals_approval_four_eyes", condition=~Q(decided_by=F("asked_by"))),
            models.CheckConstraint(name="approvals_approval_ends_later", condition=Q(expires_at__gt=F("asked_at"))),
            models.CheckConstraint(
                name="approvals_approval_decided_by_somebody",
                condition=Q(state__in=("WAITING", "WITHDRAWN"), decided_by="", decided_at=None)
                | (Q(state__in=("APPROVED", "REFUSED", "SPENT"), decided_at__isnull=False) & ~Q(decided_by="")),
            ),
            models.CheckConstraint(
                name="approvals_approval_spent_once",
                condition=Q(state="SPENT", spent_at__isnull=False) | (~Q(state="SPENT") & Q(spent_at=None)),
            ),
        )
        indexes = (
            models.Index(
                name="approvals_approval_usable",
                fields=("asked_by", "digest"),
                condition=Q(state__in=("WAITING", "APPROVED")),
            ),
            models.Index(name="approvals_approval_of_asker", fields=("asked_by", "-asked_at", "-id")),
            models.Index(name="approvals_approval_about", fields=("subject", "-asked_at", "-id")),
            models.Index(name="approvals_approval_to_decide", fields=("asked_at", "id"), condition=Q(state="WAITING")),
        )
