"""Tables of access."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ApiToken(models.Model):
    """A secret by which a program speaks for the shop; only its digest is kept."""

    name = models.CharField(max_length=80, unique=True)
    digest = models.UUIDField(unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_api_token"


class Staff(models.Model):
    """An account that works for the shop; it must prove a passkey or an authenticator app to sign in."""

    account_id = models.BigIntegerField(primary_key=True)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=80)

    class Meta:
        db_table = "access_staff"
