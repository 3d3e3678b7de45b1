"""Every payment passes the check of 0003; payments are written while this reads them."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0003_disputed'),
    ]

    operations = [
        ValidateConstraint(model_name='intent', name='payments_intent_disputed_within_captured'),
    ]
