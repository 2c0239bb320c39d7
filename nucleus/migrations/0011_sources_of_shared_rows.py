"""The source of institutions and merchants: the vendor at which their codes and keys are unique."""

from typing import Any

from django.db import migrations, models


def name_source_of_institutions(apps: Any, schema_editor: Any) -> None:
    """MX was the only vendor; what a tenant wrote has no source."""
    apps.get_model("nucleus", "Institution").objects.filter(tenant=None).update(source="mx")


def merchant_source() -> models.CharField:
    """MX was the only vendor."""
    return models.CharField(default="mx", editable=False, max_length=32)


class Migration(migrations.Migration):
    dependencies = [
        ("nucleus", "0010_username_keys_unique"),
    ]

    operations = [
        migrations.AddField("merchant", "source", merchant_source(), preserve_default=False),
        migrations.AddField(
            "merchantlocation", "source", merchant_source(), preserve_default=False
        ),
        migrations.AddField(
            "institution",
            "source",
            models.CharField(blank=True, default="", editable=False, max_length=32),
        ),
        migrations.RunPython(name_source_of_institutions, migrations.RunPython.noop),
    ]
