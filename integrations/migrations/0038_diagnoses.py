"""What the doctor found last."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0037_canceled_jobs"),
        ("nucleus", "0020_staff_access"),
    ]

    operations = [
        migrations.CreateModel(
            name="Diagnosis",
            fields=[
                ("scope", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("findings", models.JSONField(default=list)),
                ("to_fix", models.PositiveIntegerField(default=0)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.CharField(blank=True, default="", max_length=150)),
                (
                    "tenant",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="diagnosis",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={"verbose_name_plural": "diagnoses"},
        ),
    ]
