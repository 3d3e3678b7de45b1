"""Orders are found by whatever a caller says, beside the orders themselves; and staff write notes. Only new tables."""

from django.db import migrations, models

# Three signs each, so that a part of an address is found by an index, without an extension that a server may lack.
_GRAMS = """
create function orders_grams(contact text) returns text[] language sql immutable strict parallel safe as $$
    select array(
        select distinct substr(contact, place, 3)
        from generate_series(1, length(contact) - 2) as place
    )
$$;
create index orders_found_grams on orders_found using gin (orders_grams(contact)) with (gin_pending_list_limit = 512);
"""
_NO_GRAMS = """
drop index orders_found_grams;
drop function orders_grams(text);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0010_journal'),
    ]

    operations = [
        migrations.CreateModel(
            name='FoundOrder',
            fields=[
                ('order_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('contact', models.TextField()),
                ('total', models.BigIntegerField()),
            ],
            options={
                'db_table': 'orders_found',
                'indexes': [models.Index(fields=['total', 'order_id'], name='orders_found_by_total')],
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.SmallIntegerField(primary_key=True, serialize=False)),
                ('behind', models.BigIntegerField()),
            ],
            options={
                'db_table': 'orders_finding',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='orders_finding_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('order_id', models.BigIntegerField(db_index=True)),
                ('text', models.CharField(max_length=2000)),
                ('written_by', models.CharField(max_length=64)),
                ('written_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'orders_note',
                'constraints': [models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='orders_note_says_something')],
            },
        ),
        migrations.RunSQL(_GRAMS, _NO_GRAMS),
    ]
