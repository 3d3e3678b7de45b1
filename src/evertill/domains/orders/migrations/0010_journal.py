"""Events are queued to be journalled, and orders without a receipt are found; orders are placed meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('orders', '0009_receipts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Unsealed',
            fields=[
                ('pk', models.CompositePrimaryKey('order_id', 'position', blank=True, editable=False, primary_key=True, serialize=False)),
                ('order_id', models.BigIntegerField()),
                ('position', models.IntegerField()),
            ],
            options={
                'db_table': 'orders_unsealed',
            },
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(condition=models.Q(('receipt_batch__isnull', True)), fields=['id'], name='orders_order_without_receipt'),
        ),
    ]
