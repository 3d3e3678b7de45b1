"""Days of the ledger are found by an index of a few bytes; it is built beside the work of the shop."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('ledger', '0001_initial'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='ledgertransaction',
            index=BrinIndex(autosummarize=True, fields=['posted_at'], name='ledger_transaction_posted', pages_per_range=32),
        ),
    ]
