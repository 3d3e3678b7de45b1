"""Tables of disputes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from evertill.domains.disputes.types import State

# As plain texts, so that a migration does not look into today's code.
_STATES = tuple(state.value for state in State)
_ENDED = ("WON", "LOST")


class Dispute(models.Model):
    """Money that a customer has asked his bank to take back."""

    id = models.BigIntegerField(primary_key=True)
    provider = models.CharField(max_length=32)
    # Together with the provider's name it is a reference of the ledger, which has at most 128 signs.
    provider_id = models.CharField(max_length=95)
    intent_id = models.BigIntegerField(db_index=True)
    order_id = models.BigIntegerField()
    is_sale = models.BooleanField()
    state = models.CharField(max_length=16)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fee = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=200, default="")
    evidence_due_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    # When the provider is asked next without anybody's doing; null once it has ended.
    look_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "disputes_dispute"
        constraints = (
            models.UniqueConstraint(name="disputes_dispute_once", fields=("provider", "provider_id")),
            models.CheckConstraint(name="disputes_dispute_state_known", condition=Q(state__in=_STATES)),
            models.CheckConstraint(name="disputes_dispute_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="disputes_dispute_fee_not_negative", condition=Q(fee__gte=0)),
            models.CheckConstraint(
                name="disputes_dispute_closed_when_ended",
                condition=Q(state__in=_ENDED, closed_at__isnull=False, look_at__isnull=True)
                | (~Q(state__in=_ENDED) & Q(closed_at__isnull=True, look_at__isnull=False)),
            ),
        )
        indexes = (
            models.Index(
                name="disputes_dispute_to_follow", fields=("look_at", "id"), condition=Q(look_at__isnull=False)
            ),
        )


class Move(models.Model):
    """How a dispute came to its state: who, why and when; rows are only ever added."""

    pk = models.CompositePrimaryKey("dispute_id", "position")
    dispute_id = models.BigIntegerField()
    position = models.IntegerField()
    state = models.CharField(max_length=16)
    actor = models.CharField(max_length=64)
    why = models.CharField(max_length=500)
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "disputes_move"
