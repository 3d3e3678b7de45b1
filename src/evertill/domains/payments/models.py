"""Tables of payments. `id` is a 60-bit identifier whose text form is the number that people and providers see."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from evertill.domains.payments.types import Ending, RefundKind, RefundState, State

# As plain texts, so that a migration does not look into today's code.
_STATES = tuple(state.value for state in State)
_ENDINGS = ("", *(ending.value for ending in Ending))
_REFUND_STATES = tuple(state.value for state in RefundState)
_REFUND_KINDS = tuple(kind.value for kind in RefundKind)


class Intent(models.Model):
    """One attempt to pay one order."""

    id = models.BigIntegerField(primary_key=True)
    order_id = models.BigIntegerField(db_index=True)
    provider = models.CharField(max_length=32)
    way = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    captured = models.BigIntegerField(default=0)
    captured_currency = models.CharField(max_length=3, default="")
    # Given back, or promised to be: a refund counts from the moment it is requested.
    refunded = models.BigIntegerField(default=0)
    # What disputes hold, or have taken; it cannot be given back.
    disputed = models.BigIntegerField(default=0, db_default=0)
    ending = models.CharField(max_length=16, default="")
    provider_id = models.CharField(max_length=128, default="")
    reason = models.CharField(max_length=200, default="")
    next_kind = models.CharField(max_length=16, default="")
    next_value = models.CharField(max_length=2000, default="")
    created_at = models.DateTimeField()
    # When the provider is asked next without anybody's doing; null once it is final.
    look_at = models.DateTimeField(null=True)
    looks = models.IntegerField(default=0)
    # Digests of caller + order + Idempotency-Key, and of the body that came with it.
    key_digest = models.UUIDField()
    body_digest = models.UUIDField()

    class Meta:
        db_table = "payments_intent"
        constraints = (
            models.UniqueConstraint(name="payments_intent_once_per_key", fields=("key_digest",)),
            models.UniqueConstraint(
                name="payments_intent_provider_id_once",
                fields=("provider", "provider_id"),
                condition=~Q(provider_id=""),
            ),
            models.CheckConstraint(name="payments_intent_state_known", condition=Q(state__in=_STATES)),
            models.CheckConstraint(name="payments_intent_ending_known", condition=Q(ending__in=_ENDINGS)),
            models.CheckConstraint(name="payments_intent_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="payments_intent_captured_when_captured",
                condition=Q(state="CAPTURED", captured__gt=0) | (~Q(state="CAPTURED") & Q(captured=0)),
            ),
            models.CheckConstraint(
                name="payments_intent_refunded_within_captured",
                condition=Q(refunded__gte=0) & Q(refunded__lte=F("captured")),
            ),
            # Both can be promised away at once, by us and by the customer's bank; the provider then lets one have it.
            models.CheckConstraint(
                name="payments_intent_disputed_within_captured",
                condition=Q(disputed__gte=0) & Q(disputed__lte=F("captured")),
            ),
        )
        indexes = (
            models.Index(
                name="payments_intent_to_follow", fields=("look_at", "id"), condition=Q(look_at__isnull=False)
            ),
        )


class Move(models.Model):
    """How a payment came to its state: who, why and when; rows are only ever added."""

    pk = models.CompositePrimaryKey("intent_id", "position")
    intent_id = models.BigIntegerField()
    position = models.IntegerField()
    state = models.CharField(max_length=16)
    actor = models.CharField(max_length=64)
    why = models.CharField(max_length=200)
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "payments_move"


class Event(models.Model):
    """A webhook as it came, kept before anybody tried to understand what it says."""

    pk = models.CompositePrimaryKey("provider", "event_id")
    provider = models.CharField(max_length=32)
    event_id = models.CharField(max_length=128)
    intent_id = models.BigIntegerField()
    body = models.BinaryField()
    received_at = models.DateTimeField()
    # When it is to be handled, the first time or again; null once it is.
    look_at = models.DateTimeField(null=True)
    looks = models.IntegerField(default=0)

    class Meta:
        db_table = "payments_event"
        indexes = (
            models.Index(name="payments_event_to_handle", fields=("look_at",), condition=Q(look_at__isnull=False)),
            models.Index(name="payments_event_by_time", fields=("received_at",)),
        )


class Refund(models.Model):
    """Money that goes back."""

    id = models.BigIntegerField(primary_key=True)
    intent_id = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    actor = models.CharField(max_length=64)
    provider_id = models.CharField(max_length=128, default="")
    requested_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    look_at = models.DateTimeField(null=True)
    looks = models.IntegerField(default=0)
    key_digest = models.UUIDField()
    # Of the request that came with the key; null for one that nobody requested.
    body_digest = models.UUIDField(null=True)

    TYPED = ("reason",)

    class Meta:
        db_table = "payments_refund"
        constraints = (
            models.UniqueConstraint(name="payments_refund_once_per_key", fields=("key_digest",)),
            models.CheckConstraint(name="payments_refund_state_known", condition=Q(state__in=_REFUND_STATES)),
            models.CheckConstraint(name="payments_refund_kind_known", condition=Q(kind__in=_REFUND_KINDS)),
            models.CheckConstraint(name="payments_refund_amount_positive", condition=Q(amount__gt=0)),
        )
        indexes = (
            models.Index(
                name="payments_refund_to_follow", fields=("look_at", "id"), condition=Q(look_at__isnull=False)
            ),
            # Few are under way or refused, among all that were ever made.
            models.Index(
                name="payments_refund_open", fields=("state", "-id"), condition=Q(state__in=("REQUESTED", "FAILED"))
            ),
        )
