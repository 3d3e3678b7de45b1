from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index that is made while the shop is open is made outside a transaction.
    atomic = False
    dependencies = [("identity", "0003_passkeys")]

    operations = [
        migrations.AddField(
            model_name="session",
            name="was",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="was_until",
            field=models.DateTimeField(null=True),
        ),
        AddIndexConcurrently(
            model_name="session",
            index=models.Index(
                condition=models.Q(("was__isnull", False)), fields=["was"], name="identity_session_renewed"
            ),
        ),
    ]
