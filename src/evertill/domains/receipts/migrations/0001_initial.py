import django.contrib.postgres.fields
from django.db import migrations, models

# What these refuse is named as a constraint would be. "Always" means: also for a session that plays a replica.
_REFUSE = """
create function receipts_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'What receipts were given for is never changed.'
        using errcode = 'restrict_violation', constraint = tg_name, table = tg_table_name;
end
$$;
create trigger receipts_key_immutable
    before update or delete or truncate on receipts_key
    for each statement execute function receipts_refuse_change();
create trigger receipts_batch_immutable
    before update or delete or truncate on receipts_batch
    for each statement execute function receipts_refuse_change();
alter table receipts_key enable always trigger receipts_key_immutable;
alter table receipts_batch enable always trigger receipts_batch_immutable;
"""
_ALLOW = """
drop trigger receipts_key_immutable on receipts_key;
drop trigger receipts_batch_immutable on receipts_batch;
drop function receipts_refuse_change();
"""
# Hashes cannot be made smaller, and trying would cost more than everything else that is done with them.
_TUNE = """
alter table receipts_batch alter column leaves set storage external;
alter table receipts_batch alter column contacts set storage external;
alter table receipts_batch alter column order_ids set storage external;
alter table receipts_batch add constraint receipts_batch_whole check (
    cardinality(order_ids) > 0
    and octet_length(leaves) = 32 * cardinality(order_ids)
    and octet_length(contacts) = 16 * cardinality(order_ids)
    and octet_length(root) = 32
    and octet_length(signature) = 64
);
"""
_UNTUNE = """
alter table receipts_batch drop constraint receipts_batch_whole;
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Key',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('generation', models.IntegerField()),
                ('public', models.BinaryField()),
                ('made_at', models.DateTimeField()),
                ('vouched', models.BinaryField()),
            ],
            options={
                'db_table': 'receipts_key',
                'constraints': [models.CheckConstraint(condition=models.Q(('generation__gt', 0)), name='receipts_key_generation_positive')],
            },
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('key_id', models.BigIntegerField()),
                ('sealed_at', models.DateTimeField()),
                ('order_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('leaves', models.BinaryField()),
                ('contacts', models.BinaryField()),
                ('root', models.BinaryField()),
                ('signature', models.BinaryField()),
            ],
            options={
                'db_table': 'receipts_batch',
            },
        ),
        migrations.CreateModel(
            name='Unsealed',
            fields=[
                ('batch_id', models.BigIntegerField(primary_key=True, serialize=False)),
            ],
            options={
                'db_table': 'receipts_unsealed',
            },
        ),
        migrations.RunSQL(_REFUSE, _ALLOW),
        migrations.RunSQL(_TUNE, _UNTUNE),
    ]
