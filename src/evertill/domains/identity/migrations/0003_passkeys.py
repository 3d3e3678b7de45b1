"""Passkeys, whom they are of, and the challenges that browsers have them sign."""

import datetime
import django.contrib.postgres.fields
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0002_attempts_browsers_recoveries'),
    ]

    operations = [
        migrations.CreateModel(
            name='Challenge',
            fields=[
                ('digest', models.UUIDField(primary_key=True, serialize=False)),
                ('ceremony', models.CharField(max_length=16)),
                ('subject', models.UUIDField()),
                ('handle', models.BinaryField(null=True)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'identity_challenge',
                'indexes': [models.Index(fields=['expires_at'], name='identity_challenge_old')],
                'constraints': [models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('made_at')), ('expires_at__lte', django.db.models.expressions.CombinedExpression(models.F('made_at'), '+', models.Value(datetime.timedelta(seconds=300))))), name='identity_challenge_short')],
            },
        ),
        migrations.CreateModel(
            name='Passkey',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('account_id', models.BigIntegerField()),
                ('place', models.SmallIntegerField()),
                ('credential_id', models.BinaryField()),
                ('public_key', models.BinaryField()),
                ('sign_count', models.BigIntegerField()),
                ('aaguid', models.UUIDField()),
                ('transports', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None)),
                ('name', models.CharField(max_length=60)),
                ('is_backup_eligible', models.BooleanField()),
                ('is_backed_up', models.BooleanField()),
                ('added_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('suspected_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'identity_passkey',
                'constraints': [models.UniqueConstraint(fields=('credential_id',), name='identity_passkey_credential_once'), models.UniqueConstraint(fields=('account_id', 'place'), name='identity_passkey_place_once'), models.CheckConstraint(condition=models.Q(('place__gte', 0), ('place__lt', 20)), name='identity_passkey_bounded'), models.CheckConstraint(condition=models.Q(('sign_count__gte', 0)), name='identity_passkey_count_not_negative'), models.CheckConstraint(condition=models.Q(('is_backed_up', False), ('is_backup_eligible', True), _connector='OR'), name='identity_passkey_backup_makes_sense')],
            },
        ),
        migrations.CreateModel(
            name='PasskeyHolder',
            fields=[
                ('account_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('handle', models.BinaryField()),
            ],
            options={
                'db_table': 'identity_passkey_holder',
                'constraints': [models.UniqueConstraint(fields=('handle',), name='identity_passkey_holder_once')],
            },
        ),
    ]
