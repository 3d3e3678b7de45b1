"""Tables of preferences."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Value(models.Model):
    """One value that was decided. Only added to: the newest version of a name is what holds."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=40)
    version = models.IntegerField()
    value = models.TextField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=90)
    why = models.CharField(max_length=500)

    TYPED = ("value", "why")

    class Meta:
        db_table = "preferences_value"
        constraints = (
            # Two who change the same thing at once cannot both be the next one.
            models.UniqueConstraint(name="preferences_value_once", fields=("name", "version")),
            models.CheckConstraint(name="preferences_value_version_positive", condition=Q(version__gt=0)),
        )
