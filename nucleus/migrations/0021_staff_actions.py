"""A record of what staff do, which the screens add to."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("nucleus", "0020_staff_access"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffAction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("log_in", "Log-in"),
                            ("add", "Added"),
                            ("change", "Changed"),
                            ("delete", "Deleted"),
                            ("action", "Action"),
                            ("reveal", "Revealed"),
                            ("export", "Exported"),
                        ],
                        max_length=16,
                    ),
                ),
                ("object_id", models.CharField(blank=True, default="", max_length=255)),
                ("object_name", models.CharField(blank=True, default="", max_length=200)),
                ("message", models.TextField(blank=True, default="")),
                ("changes", models.JSONField(default=list)),
                (
                    "content_type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="contenttypes.contenttype",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["-create_date", "id"], name="staff_action_newest"),
                    models.Index(
                        fields=["tenant", "-create_date", "id"], name="staff_action_of_tenant"
                    ),
                    models.Index(
                        fields=["user", "-create_date", "id"], name="staff_action_of_user"
                    ),
                    models.Index(
                        fields=["content_type", "object_id"], name="staff_action_on_object"
                    ),
                ],
            },
        ),
    ]
