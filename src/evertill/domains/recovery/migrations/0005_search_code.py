from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recovery", "0004_searches")]

    operations = [
        migrations.AddField(
            model_name="search",
            name="code",
            field=models.CharField(db_default="", default="", max_length=64),
        ),
    ]
