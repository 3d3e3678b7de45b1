"""Tables of reconciliation. What a provider said stays as it came; what we made of it stands beside it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from evertill.domains.reconciliation.types import About, How, Kind, RunState

# As plain texts, so that a migration does not look into today's code.
_RUN_STATES = tuple(state.value for state in RunState)
_ABOUTS = tuple(about.value for about in About)
_KINDS = tuple(kind.value for kind in Kind)
_HOWS = ("", *(how.value for how in How))


class Run(models.Model):
    """One fetching of the bill of one day."""

    id = models.BigIntegerField(primary_key=True)
    provider = models.CharField(max_length=32)
    date = models.DateField()
    state = models.CharField(max_length=16)
    fetched_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # How often the lines were compared with our books; the counts are those of the last time.
    passes = models.IntegerField(default=0)
    lines = models.IntegerField(default=0)
    matched = models.IntegerField(default=0)
    pending = models.IntegerField(default=0)
    differences = models.IntegerField(default=0)

    class Meta:
        db_table = "reconciliation_run"
        constraints = (
            models.CheckConstraint(name="reconciliation_run_state_known", condition=Q(state__in=_RUN_STATES)),
            models.UniqueConstraint(
                name="reconciliation_run_one_counts", fields=("provider", "date"), condition=Q(state="FINISHED")
            ),
        )
        indexes = (models.Index(name="reconciliation_run_by_day", fields=("provider", "date", "id")),)


class Line(models.Model):
    """A line of a bill as it came: evidence. `about` and `subject` are what we take it to be about."""

    pk = models.CompositePrimaryKey("run_id", "position")
    run_id = models.BigIntegerField()
    position = models.IntegerField()
    about = models.CharField(max_length=16, db_collation="C")
    subject = models.CharField(max_length=300, db_collation="C")
    payment = models.CharField(max_length=16)
    reference = models.CharField(max_length=128)
    provider_id = models.CharField(max_length=128)
    part_id = models.CharField(max_length=128)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()

    class Meta:
        db_table = "reconciliation_line"
        constraints = (models.CheckConstraint(name="reconciliation_line_about_known", condition=Q(about__in=_ABOUTS)),)
        indexes = (
            models.Index(name="reconciliation_line_by_subject", fields=("subject", "about")),
            # Customers know a payment as their bank and its provider call it.
            models.Index(
                name="reconciliation_line_theirs",
                fields=("provider_id",),
                condition=Q(about="CAPTURE") & ~Q(provider_id=""),
            ),
        )


class Difference(models.Model):
    """Where bill and books did not say the same; kept after it is settled. `id` is a 60-bit identifier."""

    id = models.BigIntegerField(primary_key=True)
    provider = models.CharField(max_length=32)
    date = models.DateField()
    about = models.CharField(max_length=16, db_collation="C")
    subject = models.CharField(max_length=300, db_collation="C")
    payment = models.CharField(max_length=16)
    kind = models.CharField(max_length=20)
    our_amount = models.BigIntegerField()
    # Empty where a side has nothing.
    our_currency = models.CharField(max_length=3)
    their_amount = models.BigIntegerField()
    their_currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16)
    how = models.CharField(max_length=16, default="")
    actor = models.CharField(max_length=64, default="")
    why = models.CharField(max_length=200, default="")
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    # The comparison that found it last.
    run_id = models.BigIntegerField()
    run_pass = models.IntegerField()

    TYPED = ("why",)

    class Meta:
        db_table = "reconciliation_difference"
        constraints = (
            models.CheckConstraint(name="reconciliation_difference_about_known", condition=Q(about__in=_ABOUTS)),
            models.CheckConstraint(name="reconciliation_difference_kind_known", condition=Q(kind__in=_KINDS)),
            models.CheckConstraint(name="reconciliation_difference_how_known", condition=Q(how__in=_HOWS)),
            models.CheckConstraint(
                name="reconciliation_difference_settled_somehow",
                condition=Q(state="OPEN", how="", settled_at__isnull=True)
                | (Q(state="SETTLED", settled_at__isnull=False) & ~Q(how="")),
            ),
            models.UniqueConstraint(
                name="reconciliation_difference_open_once",
                fields=("provider", "date", "about", "subject"),
                condition=Q(state="OPEN"),
            ),
        )
        indexes = (
            models.Index(name="reconciliation_difference_day", fields=("provider", "date", "id")),
            models.Index(name="reconciliation_difference_run", fields=("run_id", "run_pass")),
            models.Index(
                name="reconciliation_difference_kept",
                fields=("subject", "about", "provider"),
                condition=Q(how__in=("ACCEPTED", "BOOKED")),
            ),
        )
