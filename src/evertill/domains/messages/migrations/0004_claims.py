"""Messages about claims, which may be about no order of ours. The previous release goes on writing the others."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customer_messages', '0003_channels_validated'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='claim_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.RemoveConstraint(model_name='message', name='messages_message_about_something'),
        AddConstraintNotValid(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('order_id__isnull', False), ('account_id__isnull', False), ('claim_id__isnull', False), _connector='OR'), name='messages_message_about_something'),
        ),
    ]
