"""Orders know whose they are, a telephone number and a language. The previous release goes on without, by the defaults."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0006_holds'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='account_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='language',
            field=models.CharField(db_default='', default='', max_length=16),
        ),
        migrations.AddField(
            model_name='order',
            name='phone',
            field=models.CharField(db_default='', default='', max_length=16),
        ),
        AddConstraintNotValid(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('email', ''), _negated=True), models.Q(('phone', ''), _negated=True), _connector='OR'), name='orders_order_has_contact'),
        ),
    ]
