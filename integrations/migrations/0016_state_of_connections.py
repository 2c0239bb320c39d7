"""When a connection was last checked, since when it is broken, and accounts deleted here."""

import uuid
from typing import Any

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Coalesce


def fill_state(apps: Any, schema_editor: Any) -> None:
    members = apps.get_model("integrations", "Member")._base_manager
    members.filter(actor__in=["end_user", "staff", "vendor"]).update(broken_since=F("update_date"))
    members.update(checked_at=Coalesce("synced_at", "update_date"))


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0015_links_name_their_connection"),
        ("nucleus", "0014_booking_dates_of_stored_rows"),
    ]

    operations = [
        migrations.AddField(
            model_name="member",
            name="broken_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="member",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="member",
            name="read_problem",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="vendoruser",
            name="last_widget_mode",
            field=models.CharField(blank=True, default="", max_length=16),
        ),
        migrations.CreateModel(
            name="DeletedAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor_account_id", models.CharField(max_length=255)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
                (
                    "vendor_user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deleted_accounts",
                        to="integrations.vendoruser",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("vendor_user", "vendor_account_id"), name="account_deleted_once"
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunPython(fill_state, migrations.RunPython.noop),
    ]
