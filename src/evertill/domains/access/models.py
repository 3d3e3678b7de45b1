"""Tables of access."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat


class ApiToken(models.Model):
    """A secret by which a program speaks for the shop; only its digest is kept."""

    name = models.CharField(max_length=80, unique=True)
    digest = models.UUIDField(unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    TYPED = ("name",)

    class Meta:
        db_table = "access_api_token"


class Staff(models.Model):
    """An account that works for the shop; it must prove a passkey or an authenticator app to sign in."""

    account_id = models.BigIntegerField(primary_key=True)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=80)

    class Meta:
        db_table = "access_staff"


class Role(models.Model):
    """A role of the shop's own. Every change moves `version`, so that two who change it at once both notice."""

    name = models.CharField(max_length=40, primary_key=True)
    says = models.CharField(max_length=200)
    permissions = ArrayField(models.CharField(max_length=40))
    version = models.IntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=90)

    TYPED = ("says",)

    class Meta:
        db_table = "access_role"
        constraints = (models.CheckConstraint(name="access_role_version_positive", condition=Q(version__gt=0)),)


class RoleGrant(models.Model):
    """That somebody has a role, or had it: who gave it, who took it, and why."""

    id = models.BigIntegerField(primary_key=True)
    account_id = models.BigIntegerField()
    role = models.CharField(max_length=40)
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=90)
    why = models.CharField(max_length=500)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=90, default="")
    revoked_why = models.CharField(max_length=500, default="")

    TYPED = ("why", "revoked_why")

    class Meta:
        db_table = "access_role_grant"
        constraints = (
            models.UniqueConstraint(
                name="access_role_grant_once", fields=("account_id", "role"), condition=Q(revoked_at=None)
            ),
            # The operator of the machine gives roles too; an account never gives one to itself.
            models.CheckConstraint(
                name="access_role_grant_by_another",
                condition=~Q(granted_by=Concat(Value("STAFF:"), Cast("account_id", models.TextField()))),
            ),
            models.CheckConstraint(
                name="access_role_grant_revoked_by_somebody",
                condition=Q(revoked_at=None, revoked_by="") | (Q(revoked_at__isnull=False) & ~Q(revoked_by="")),
            ),
        )
        indexes = (models.Index(name="access_role_grant_bearers", fields=("role",), condition=Q(revoked_at=None)),)
