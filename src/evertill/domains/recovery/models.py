"""Tables of recovery: what the shop remembers of its backups and drills. What can be restored lies at the target."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Backup(models.Model):
    """One backup, from its beginning on."""

    id = models.CharField(max_length=40, primary_key=True)
    line = models.CharField(max_length=16)
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    parent = models.CharField(max_length=40, null=True)  # noqa: DJ001 — a full backup has none, not an empty one.
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # Positions of the write-ahead log, which has fewer than 2⁶³ bytes.
    start = models.BigIntegerField(null=True)
    stop = models.BigIntegerField(null=True)
    plain_bytes = models.BigIntegerField(default=0)
    stored_bytes = models.BigIntegerField(default=0)
    # What it failed with, and that in words.
    code = models.CharField(max_length=64, default="", db_default="")
    error = models.CharField(max_length=500, default="")

    class Meta:
        db_table = "recovery_backup"
        constraints = (
            models.CheckConstraint(name="recovery_backup_kind_known", condition=Q(kind__in=["FULL", "INCREMENTAL"])),
            models.CheckConstraint(
                name="recovery_backup_state_known", condition=Q(state__in=["RUNNING", "COMPLETE", "FAILED", "REMOVED"])
            ),
            models.CheckConstraint(
                name="recovery_backup_builds_on_another",
                condition=Q(kind="FULL", parent__isnull=True) | Q(kind="INCREMENTAL", parent__isnull=False),
            ),
            models.CheckConstraint(
                name="recovery_backup_complete_with_place",
                condition=~Q(state="COMPLETE") | Q(ended_at__isnull=False, start__isnull=False, stop__gte=F("start")),
            ),
        )
        indexes = (models.Index(name="recovery_backup_of_line", fields=("line", "-stop")),)


class Drill(models.Model):
    """One restore that was tried."""

    id = models.BigAutoField(primary_key=True)
    occasion = models.CharField(max_length=16)
    backup = models.CharField(max_length=40)
    wanted_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    verdict = models.CharField(max_length=16)
    rpo_ms = models.BigIntegerField(null=True)
    rto_ms = models.BigIntegerField(null=True)
    certificate = ArrayField(models.TextField())
    # The same lines with their codes (kernel/said.py); "" for a drill of before there were any.
    told = models.TextField(default="", db_default="")

    class Meta:
        db_table = "recovery_drill"
        constraints = (
            models.CheckConstraint(name="recovery_drill_verdict_known", condition=Q(verdict__in=["PASSED", "FAILED"])),
            models.CheckConstraint(
                name="recovery_drill_passed_with_times",
                condition=~Q(verdict="PASSED") | Q(rpo_ms__gte=0, rto_ms__gte=0),
            ),
        )
        indexes = (models.Index(name="recovery_drill_latest", fields=("-ended_at", "-id")),)


class Custody(models.Model):
    """When somebody last showed that he keeps the key of the backups outside this machine, by the key's fingerprint."""

    fingerprint = models.CharField(max_length=32, primary_key=True)
    shown_at = models.DateTimeField()

    class Meta:
        db_table = "recovery_custody"


class Consent(models.Model):
    """Leave to restore over the living shop: one person asked, another one approved, once. See types.Consent."""

    id = models.BigIntegerField(primary_key=True)
    line = models.CharField(max_length=16)
    at = models.DateTimeField(null=True)
    why = models.CharField(max_length=500)
    asked_by = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=64)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)

    TYPED = ("why",)

    class Meta:
        db_table = "recovery_consent"
        constraints = (
            models.CheckConstraint(name="recovery_consent_four_eyes", condition=~Q(approved_by=F("asked_by"))),
            models.CheckConstraint(name="recovery_consent_ends_later", condition=Q(expires_at__gt=F("given_at"))),
        )
        indexes = (models.Index(name="recovery_consent_latest", fields=("-given_at", "-id")),)


class Asked(models.Model):
    """A backup or a drill that somebody wants now. The process that sees to them looks here; each kind waits once."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16)
    asked_by = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recovery_asked"
        constraints = (
            models.CheckConstraint(
                name="recovery_asked_kind_known", condition=Q(kind__in=["FULL", "INCREMENTAL", "DRILL"])
            ),
            models.UniqueConstraint(
                name="recovery_asked_waits_once", fields=("kind",), condition=Q(taken_at__isnull=True)
            ),
        )


class Search(models.Model):
    """Backups that are searched for what the shop has lost. `id` is a 60-bit identifier."""

    id = models.BigIntegerField(primary_key=True)
    claim_id = models.BigIntegerField(null=True)
    clues = models.TextField()
    wanted_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=16)
    # How often it was begun; a process may die with one in its hands.
    tries = models.IntegerField(default=0)
    step = models.CharField(max_length=100, default="")
    done = models.BigIntegerField(default=0)
    whole = models.BigIntegerField(default=0)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    backup = models.CharField(max_length=40, default="")
    reached_at = models.DateTimeField(null=True)
    # Copies of lost orders; empty again once they are forgotten.
    found = models.TextField(default="")
    # What it failed with, and that in words.
    code = models.CharField(max_length=64, default="", db_default="")
    error = models.CharField(max_length=500, default="")

    class Meta:
        db_table = "recovery_search"
        constraints = (
            models.CheckConstraint(
                name="recovery_search_state_known",
                condition=Q(state__in=["WAITING", "RUNNING", "FOUND", "NOTHING", "FAILED"]),
            ),
            models.CheckConstraint(
                name="recovery_search_ended_when_over",
                condition=Q(state__in=["WAITING", "RUNNING"], ended_at__isnull=True)
                | (~Q(state__in=["WAITING", "RUNNING"]) & Q(ended_at__isnull=False)),
            ),
            models.UniqueConstraint(
                name="recovery_search_waits_once", fields=("claim_id",), condition=Q(state__in=["WAITING", "RUNNING"])
            ),
            models.UniqueConstraint(name="recovery_search_one_runs", fields=("state",), condition=Q(state="RUNNING")),
        )
        indexes = (
            models.Index(
                name="recovery_search_open",
                fields=("state", "asked_at", "id"),
                condition=Q(state__in=["WAITING", "RUNNING"]),
            ),
            models.Index(name="recovery_search_of_claim", fields=("claim_id", "-id")),
            models.Index(name="recovery_search_to_forget", fields=("ended_at",), condition=~Q(found="")),
        )
