"""Every message passes the checks of 0002; messages are written while this reads them and the indexes grow."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('customer_messages', '0002_channels'),
    ]

    operations = [
        ValidateConstraint(model_name='message', name='messages_message_channel_known'),
        ValidateConstraint(model_name='message', name='messages_message_about_something'),
        AddIndexConcurrently(
            model_name='message',
            index=models.Index(condition=models.Q(('order_id__isnull', True), ('state', 'WAITING')), fields=['look_at', 'key'], name='messages_message_notices'),
        ),
        AddIndexConcurrently(
            model_name='message',
            index=models.Index(condition=models.Q(('account_id__isnull', False)), fields=['account_id'], name='messages_message_of_account'),
        ),
    ]
