from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recovery", "0005_search_code")]

    operations = [
        migrations.AddField(
            model_name="backup",
            name="code",
            field=models.CharField(db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="drill",
            name="told",
            field=models.TextField(db_default="", default=""),
        ),
    ]
