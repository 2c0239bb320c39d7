"""Staff are bound to tenants. Those that exist already go on seeing all of them."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

BATCH = 1000


def give_all_tenants(apps: Any, schema_editor: Any) -> None:
    access = apps.get_model("nucleus", "StaffAccess")._base_manager
    users = apps.get_model(settings.AUTH_USER_MODEL)._base_manager.filter(is_staff=True)
    rows = (access.model(user_id=pk, all_tenants=True) for pk in users.values_list("pk", flat=True))
    access.bulk_create(rows, batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [
        ("nucleus", "0019_indexes_of_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffAccess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("all_tenants", models.BooleanField(default=False)),
                (
                    "tenants",
                    models.ManyToManyField(blank=True, related_name="+", to="nucleus.tenant"),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_access",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("reveal_numbers", "Can reveal account and routing numbers"),
                    ("export_data", "Can export data as files"),
                ],
                "default_permissions": (),
            },
        ),
        migrations.RunPython(give_all_tenants, migrations.RunPython.noop),
    ]
