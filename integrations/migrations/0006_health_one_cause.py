"""Health of credentials as one state at a time; it is learnt anew from the next calls."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0005_job_due_in_group")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="postponed_by",
            field=models.CharField(blank=True, default="", max_length=32),
        ),
        migrations.DeleteModel("CredentialHealth"),
        migrations.CreateModel(
            name="CredentialHealth",
            fields=[
                (
                    "credential",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="health",
                        serialize=False,
                        to="integrations.vendorcredential",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("working", "Working"),
                            ("failing", "Failing"),
                            ("limited", "Limited"),
                            ("refused", "Keys refused"),
                        ],
                        max_length=16,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("failures", models.PositiveIntegerField(default=0)),
                ("retry_at", models.DateTimeField(blank=True, null=True)),
                ("anyone_at", models.DateTimeField(blank=True, null=True)),
                ("last_success_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "credential health",
                "verbose_name_plural": "credential health",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("anyone_at", None),
                                ("failures", 0),
                                ("retry_at", None),
                                ("state", "working"),
                            ),
                            models.Q(("failures__gt", 0), ("state", "failing")),
                            models.Q(
                                ("failures", 0), ("retry_at__isnull", False), ("state", "limited")
                            ),
                            models.Q(
                                ("anyone_at", None),
                                ("failures", 0),
                                ("retry_at__isnull", False),
                                ("state", "refused"),
                            ),
                            _connector="OR",
                        ),
                        name="health_one_cause",
                    )
                ],
            },
        ),
    ]
