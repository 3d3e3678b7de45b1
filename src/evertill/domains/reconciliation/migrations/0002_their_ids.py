"""Bills are searched by what providers call a payment; lines are written while the index grows."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('reconciliation', '0001_initial'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='line',
            index=models.Index(condition=models.Q(('about', 'CAPTURE'), models.Q(('provider_id', ''), _negated=True)), fields=['provider_id'], name='reconciliation_line_theirs'),
        ),
    ]
