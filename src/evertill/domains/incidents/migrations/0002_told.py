from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="alert",
            name="told",
            field=models.TextField(db_default="", default=""),
        ),
    ]
