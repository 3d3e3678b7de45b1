"""Every order passes the check of 0002; orders are placed while this reads them."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0002_paid'),
    ]

    operations = [
        ValidateConstraint(model_name='order', name='orders_order_state_known'),
    ]
