"""What disputes hold of a payment. The previous release goes on writing payments, by the column's default."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0002_refund_body'),
    ]

    operations = [
        migrations.AddField(
            model_name='intent',
            name='disputed',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddConstraintNotValid(
            model_name='intent',
            constraint=models.CheckConstraint(condition=models.Q(('disputed__gte', 0), ('disputed__lte', models.F('captured'))), name='payments_intent_disputed_within_captured'),
        ),
    ]
