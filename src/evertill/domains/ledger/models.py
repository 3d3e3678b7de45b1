"""Tables of the ledger. The names of the constraints are what errors and the audit speak of.

docs/decisions/0006-ledger.md says why a transaction is one row, and why shared accounts have shards. The constraints
that Django cannot say (the sum of an array) and the trigger that refuses changes stand in the first migration.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import Q

_CUSTOMER = "CUSTOMER_BALANCE:"


class LedgerTransaction(models.Model):
    """Money that moved. The n-th amount belongs to the n-th account; rows are only ever added."""

    pk = models.CompositePrimaryKey("kind", "reference")
    kind = models.CharField(max_length=16)
    reference = models.CharField(max_length=128, db_collation="C")
    currency = models.CharField(max_length=3)
    accounts = ArrayField(models.CharField(max_length=96, db_collation="C"))
    amounts = ArrayField(models.BigIntegerField())
    posted_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_transaction"
        # A short waiting list is taken in often and quickly, a long one rarely and slowly, in the middle of a payment.
        indexes = (
            GinIndex(name="ledger_transaction_accounts", fields=("accounts",), gin_pending_list_limit=512),
            # Rows are added in the order of time, so a few bytes for each stretch of them find a day.
            BrinIndex(name="ledger_transaction_posted", fields=("posted_at",), autosummarize=True, pages_per_range=32),
        )


class LedgerBalance(models.Model):
    """A running balance. Accounts that all share have one row for each shard, and stand at the sum of them."""

    pk = models.CompositePrimaryKey("account", "currency", "shard")
    account = models.CharField(max_length=96, db_collation="C")
    currency = models.CharField(max_length=3)
    shard = models.IntegerField()
    balance = models.BigIntegerField()

    class Meta:
        db_table = "ledger_balance"
        constraints = (
            # The wall behind the rule: what a customer prepaid is owed to him, and he cannot spend more.
            models.CheckConstraint(
                name="ledger_balance_prepaid_covered",
                condition=~Q(account__startswith=_CUSTOMER) | Q(balance__lte=0, shard=0),
            ),
        )
