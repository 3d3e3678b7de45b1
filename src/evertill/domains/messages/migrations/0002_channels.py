"""Messages by SMS, and about accounts. The previous release goes on writing those about orders, by the default."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customer_messages', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='channel',
            field=models.CharField(db_default='EMAIL', default='EMAIL', max_length=8),
        ),
        migrations.AddField(
            model_name='message',
            name='account_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='message',
            name='order_id',
            field=models.BigIntegerField(null=True),
        ),
        AddConstraintNotValid(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ('EMAIL', 'SMS'))), name='messages_message_channel_known'),
        ),
        AddConstraintNotValid(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('order_id__isnull', False), ('account_id__isnull', False), _connector='OR'), name='messages_message_about_something'),
        ),
    ]
