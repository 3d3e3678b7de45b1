"""Every message passes the check of 0004, which is wider than the one before; messages are written meanwhile."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('customer_messages', '0004_claims'),
    ]

    operations = [
        ValidateConstraint(model_name='message', name='messages_message_about_something'),
    ]
