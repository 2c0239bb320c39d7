"""New credentials are of MX Platform. Stored rows keep their API."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0025_disabled_users"),
    ]

    operations = [
        migrations.AlterField(
            model_name="vendorcredential",
            name="api",
            field=models.CharField(default="platform", max_length=32, verbose_name="API"),
        ),
    ]
