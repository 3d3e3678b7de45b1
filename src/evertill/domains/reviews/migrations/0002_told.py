from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="review",
            name="told",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="move",
            name="told",
            field=models.TextField(db_default="", default=""),
        ),
        # Longer texts only: no row is written anew.
        migrations.AlterField(
            model_name="review",
            name="detail",
            field=models.CharField(default="", max_length=2000),
        ),
        migrations.AlterField(
            model_name="move",
            name="why",
            field=models.CharField(max_length=2000),
        ),
    ]
