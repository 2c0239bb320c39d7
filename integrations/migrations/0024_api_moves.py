"""The records of moves from one API of a vendor to another."""

import uuid

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0023_inbound_webhook_revisions"),
        ("nucleus", "0017_bank_link_unverified_reason"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiMove",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor", models.CharField(max_length=32)),
                ("from_name", models.CharField(max_length=255, verbose_name="from")),
                ("to_name", models.CharField(max_length=255, verbose_name="to")),
                ("is_new_client", models.BooleanField(default=False, verbose_name="new client")),
                ("requested_by", models.CharField(max_length=255)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "from_credential",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="integrations.vendorcredential",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
                (
                    "to_credential",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="integrations.vendorcredential",
                    ),
                ),
            ],
            options={
                "verbose_name": "API move",
                "indexes": [
                    models.Index(
                        fields=["tenant", "vendor", "-create_date"],
                        name="integration_tenant__12227e_idx",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
    ]
