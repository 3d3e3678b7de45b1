"""Approvals are found by what they are about."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0002_of_asker'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='approval',
            index=models.Index(fields=['subject', '-asked_at', '-id'], name='approvals_approval_about'),
        ),
    ]
