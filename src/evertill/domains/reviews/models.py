"""Tables of reviews."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from evertill.domains.reviews.types import State

# As plain texts, so that a migration does not look into today's code.
_STATES = tuple(state.value for state in State)
_ENDED = ("APPROVED", "REFUSED", "GONE")


class Review(models.Model):
    """An order that somebody looks at before its goods are handed over."""

    id = models.BigIntegerField(primary_key=True)
    order_id = models.BigIntegerField(db_index=True)
    state = models.CharField(max_length=16)
    reasons = ArrayField(models.CharField(max_length=32))
    detail = models.CharField(max_length=2000, default="")
    # The sentences of the detail that the shop said by itself, with their codes (kernel/said.py); "" without any.
    told = models.TextField(default="", db_default="")
    taken_by = models.CharField(max_length=64, default="")
    taken_until = models.DateTimeField(null=True)
    question = models.CharField(max_length=1000, default="")
    answer = models.CharField(max_length=2000, default="")
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    TYPED = ("detail", "question")
    OWN_IS_FORGOTTEN = True

    class Meta:
        db_table = "reviews_review"
        constraints = (
            models.UniqueConstraint(
                name="reviews_review_open_once", fields=("order_id",), condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(name="reviews_review_state_known", condition=Q(state__in=_STATES)),
            models.CheckConstraint(name="reviews_review_has_reason", condition=Q(reasons__len__gt=0)),
            models.CheckConstraint(
                name="reviews_review_taken_by_somebody",
                condition=(Q(state="TAKEN", taken_until__isnull=False) & ~Q(taken_by=""))
                | (~Q(state="TAKEN") & Q(taken_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="reviews_review_ended_when_decided",
                condition=Q(state__in=_ENDED, ended_at__isnull=False) | (~Q(state__in=_ENDED) & Q(ended_at=None)),
            ),
        )
        indexes = (
            models.Index(
                name="reviews_review_to_decide", fields=("opened_at", "id"), condition=Q(ended_at__isnull=True)
            ),
            models.Index(name="reviews_review_decided", fields=("-ended_at", "-id"), condition=~Q(ended_at=None)),
        )


class Move(models.Model):
    """How a review came to its state: who, why and when; rows are only ever added."""

    pk = models.CompositePrimaryKey("review_id", "position")
    review_id = models.BigIntegerField()
    position = models.IntegerField()
    state = models.CharField(max_length=16)
    actor = models.CharField(max_length=64)
    why = models.CharField(max_length=2000)
    told = models.TextField(default="", db_default="")
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "reviews_move"
