"""The table of prepaid accounts. `id` is the 60-bit identifier whose text form is the balance's number (kernel.ids)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Account(models.Model):
    """One prepaid account. What stands on it is the ledger's to say, under the account's number."""

    id = models.BigIntegerField(primary_key=True)
    currency = models.CharField(max_length=3)
    opened_at = models.DateTimeField()
    # Since when nobody can pay with it; null while one can.
    blocked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "balances_account"
        constraints = (
            models.CheckConstraint(name="balances_account_currency_form", condition=Q(currency__regex="^[A-Z]{3}$")),
        )
