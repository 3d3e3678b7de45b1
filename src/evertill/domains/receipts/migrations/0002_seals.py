"""The chain of seals over batches of receipts and order events."""

import django.contrib.postgres.fields
from django.db import migrations, models

_REFUSE = """
create trigger receipts_seal_immutable
    before update or delete or truncate on receipts_seal
    for each statement execute function receipts_refuse_change();
alter table receipts_seal enable always trigger receipts_seal_immutable;
"""
_ALLOW = """
drop trigger receipts_seal_immutable on receipts_seal;
"""
_TUNE = """
alter table receipts_seal alter column leaves set storage external;
alter table receipts_seal add constraint receipts_seal_whole check (
    cardinality(event_orders) = cardinality(event_positions)
    and octet_length(leaves) = 32 * (cardinality(batch_ids) + cardinality(event_orders))
    and octet_length(previous) = 32
    and octet_length(root) = 32
    and octet_length(signature) = 64
);
"""
_UNTUNE = """
alter table receipts_seal drop constraint receipts_seal_whole;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('receipts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('previous', models.BinaryField()),
                ('key_id', models.BigIntegerField()),
                ('sealed_at', models.DateTimeField()),
                ('batch_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('event_orders', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('event_positions', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ('leaves', models.BinaryField()),
                ('root', models.BinaryField()),
                ('signature', models.BinaryField()),
            ],
            options={
                'db_table': 'receipts_seal',
                'constraints': [models.CheckConstraint(condition=models.Q(('number__gt', 0)), name='receipts_seal_number_positive')],
            },
        ),
        migrations.RunSQL(_REFUSE, _ALLOW),
        migrations.RunSQL(_TUNE, _UNTUNE),
    ]
