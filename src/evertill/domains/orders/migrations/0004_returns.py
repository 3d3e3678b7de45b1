"""Pieces of a line can be given back. The previous release goes on writing lines, by the column's default."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0003_paid_validated'),
    ]

    operations = [
        migrations.CreateModel(
            name='Return',
            fields=[
                ('pk', models.CompositePrimaryKey('refund_id', 'position', blank=True, editable=False, primary_key=True, serialize=False)),
                ('refund_id', models.BigIntegerField()),
                ('position', models.IntegerField()),
                ('order_id', models.BigIntegerField(db_index=True)),
                ('quantity', models.IntegerField()),
                ('state', models.CharField(max_length=16)),
                ('restock', models.BooleanField()),
                ('actor', models.CharField(max_length=64)),
                ('promised_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'orders_return',
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ('PROMISED', 'DONE', 'UNDONE'))), name='orders_return_state_known'), models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='orders_return_quantity_positive')],
            },
        ),
        migrations.AddField(
            model_name='orderline',
            name='returned',
            field=models.IntegerField(db_default=0, default=0),
        ),
        AddConstraintNotValid(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('returned__gte', 0), ('returned__lte', models.F('quantity'))), name='orders_line_returned_within_quantity'),
        ),
    ]
