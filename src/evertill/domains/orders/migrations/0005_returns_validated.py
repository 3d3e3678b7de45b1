"""Every line passes the check of 0004; orders are placed while this reads them."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0004_returns'),
    ]

    operations = [
        ValidateConstraint(model_name='orderline', name='orders_line_returned_within_quantity'),
    ]
