"""Orders can be paid and refunded. A wider check replaces the narrow one at once; 0003 looks at the rows, unhurried."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='order', name='orders_order_state_known'),
        AddConstraintNotValid(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ('PLACED', 'PAID', 'REFUNDED', 'CANCELLED', 'EXPIRED'))), name='orders_order_state_known'),
        ),
    ]
