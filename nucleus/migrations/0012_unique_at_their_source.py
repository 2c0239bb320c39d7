"""Apart from naming the sources, because PostgreSQL changes no table with pending row changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("nucleus", "0011_sources_of_shared_rows")]

    operations = [
        migrations.RemoveConstraint("institution", "institution_code_unique"),
        migrations.AddConstraint(
            "institution",
            models.UniqueConstraint(
                condition=models.Q(("tenant__isnull", True)),
                fields=("source", "code"),
                name="institution_code_unique",
            ),
        ),
        migrations.AlterField(
            "merchant", "source_id", models.CharField(editable=False, max_length=255)
        ),
        migrations.AddConstraint(
            "merchant",
            models.UniqueConstraint(
                fields=("source", "source_id"), name="merchant_once_per_source"
            ),
        ),
        migrations.AlterField(
            "merchantlocation", "source_id", models.CharField(editable=False, max_length=255)
        ),
        migrations.AddConstraint(
            "merchantlocation",
            models.UniqueConstraint(
                fields=("source", "source_id"), name="merchant_location_once_per_source"
            ),
        ),
    ]
