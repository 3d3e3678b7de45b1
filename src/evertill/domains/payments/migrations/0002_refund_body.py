"""A refund's key is held against what it was used for. The previous release goes on writing refunds without it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='refund',
            name='body_digest',
            field=models.UUIDField(null=True),
        ),
    ]
