"""Orders are found by account, address and number; orders are placed while the indexes grow and the check is read."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('orders', '0007_contacts'),
    ]

    operations = [
        ValidateConstraint(model_name='order', name='orders_order_has_contact'),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(condition=models.Q(('account_id__isnull', False)), fields=['account_id', '-placed_at', '-id'], name='orders_order_of_account'),
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(models.Func(models.Func(models.F('email'), function='lower', template='%(function)s(%(expressions)s collate "C")'), models.Value(0), function='hashtextextended', output_field=models.BigIntegerField()), condition=models.Q(('account_id__isnull', True), models.Q(('email', ''), _negated=True)), name='orders_order_by_email'),
        ),
        AddIndexConcurrently(
            model_name='order',
            index=models.Index(models.Func(models.F('phone'), models.Value(0), function='hashtextextended', output_field=models.BigIntegerField()), condition=models.Q(('account_id__isnull', True), models.Q(('phone', ''), _negated=True)), name='orders_order_by_phone'),
        ),
    ]
