"""Orders know the batch of receipts that they were acknowledged with; the previous release places them without one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0008_contacts_found'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='receipt_batch',
            field=models.BigIntegerField(null=True),
        ),
    ]
