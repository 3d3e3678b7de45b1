"""Refunds that are under way or were refused are found without looking through all that were ever made."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    # An index is made while the shop is open.
    atomic = False

    dependencies = [
        ('payments', '0004_disputed_validated'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='refund',
            index=models.Index(condition=models.Q(('state__in', ('REQUESTED', 'FAILED'))), fields=['state', '-id'], name='payments_refund_open'),
        ),
    ]
