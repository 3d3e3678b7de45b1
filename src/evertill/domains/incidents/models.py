"""Tables of incidents."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Alert(models.Model):
    """Something that somebody has to look at. While one is open, the same is not raised again but counted."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    detail = models.CharField(max_length=500)
    # The code of the detail and what was put into it (kernel/said.py); "" where it is shown as it is.
    told = models.TextField(default="", db_default="")
    raised_at = models.DateTimeField()
    times = models.IntegerField(default=1)
    last_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=64, default="")
    why = models.CharField(max_length=200, default="")

    TYPED = ("detail", "why")

    class Meta:
        db_table = "incidents_alert"
        constraints = (
            models.UniqueConstraint(
                name="incidents_alert_open_once", fields=("kind", "subject"), condition=Q(closed_at__isnull=True)
            ),
            models.CheckConstraint(name="incidents_alert_named", condition=~Q(kind="") & ~Q(subject="")),
            models.CheckConstraint(name="incidents_alert_times_positive", condition=Q(times__gt=0)),
            models.CheckConstraint(
                name="incidents_alert_closed_with_reason",
                condition=Q(closed_at__isnull=True, closed_by="", why="")
                | (Q(closed_at__isnull=False) & ~Q(closed_by="") & ~Q(why="")),
            ),
        )
        indexes = (
            models.Index(name="incidents_alert_to_show", fields=("-raised_at", "-id"), condition=Q(closed_at=None)),
        )
