"""Businesses, and `business_id` as a reference to one."""

import uuid

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

import nucleus.encryption

BATCH = 500


def set_aside(apps, schema_editor):
    """Move stored `business_id` values to the row's `metadata`.

    Until now the column took any UUID, and none can name a row of a table that is only being made.
    """
    for name in ("Client", "AggregationAccount", "BankLink"):
        manager = apps.get_model("nucleus", name)._base_manager
        rows = manager.filter(business_id__isnull=False).only("metadata", "business_id")
        last = uuid.UUID(int=0)
        while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
            for row in batch:
                metadata = {"business_id": str(row.business_id), **row.metadata}
                manager.filter(pk=row.pk).update(metadata=metadata, business_id=None)
            last = batch[-1].pk


def reference(on_delete, related_name):
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=on_delete,
        related_name=related_name,
        to="nucleus.business",
    )


def owning_client(related_name):
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.CASCADE,
        related_name=related_name,
        to="nucleus.client",
    )


HAS_OWNER = models.Q(("client__isnull", False), ("business__isnull", False), _connector="OR")


class Migration(migrations.Migration):
    dependencies = [
        ("nucleus", "0002_one_index_per_lookup"),
    ]

    operations = [
        migrations.CreateModel(
            name="Business",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("secondary_id", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("email", models.CharField(blank=True, max_length=255, null=True)),
                ("phone_number", models.CharField(blank=True, max_length=64, null=True)),
                (
                    "identification_number",
                    nucleus.encryption.EncryptedTextField(blank=True, null=True),
                ),
                (
                    "identification_number_type",
                    models.CharField(blank=True, max_length=64, null=True),
                ),
                ("status", models.CharField(blank=True, max_length=64, null=True)),
                ("address", models.JSONField(blank=True, default=list)),
                ("is_active", models.BooleanField(default=True)),
                ("is_verified", models.BooleanField(default=False)),
                ("legal_name", models.CharField(max_length=255)),
                ("dba_name", models.CharField(blank=True, max_length=255, null=True)),
                ("legal_structure", models.CharField(blank=True, max_length=255, null=True)),
                ("category", models.CharField(blank=True, max_length=255, null=True)),
                ("subcategory", models.CharField(blank=True, max_length=255, null=True)),
                ("incorporation_country", models.CharField(blank=True, max_length=64, null=True)),
                ("incorporation_state", models.CharField(blank=True, max_length=64, null=True)),
                ("incorporation_date", models.DateField(blank=True, null=True)),
                ("website", models.CharField(blank=True, max_length=2000, null=True)),
                ("ticker", models.CharField(blank=True, max_length=64, null=True)),
                ("ownership", models.JSONField(blank=True, default=list)),
                ("is_public", models.BooleanField(default=False)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={"verbose_name_plural": "businesses"},
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name="business",
            index=models.Index(
                fields=["tenant", "-update_date", "id"], name="nucleus_bus_tenant__16330d_idx"
            ),
        ),
        migrations.RunPython(set_aside, migrations.RunPython.noop, elidable=True),
        migrations.RenameField("client", "business_id", "business"),
        migrations.RenameField("aggregationaccount", "business_id", "business"),
        migrations.RenameField("banklink", "business_id", "business"),
        migrations.AlterField(
            "client", "business", reference(django.db.models.deletion.SET_NULL, "clients")
        ),
        migrations.AlterField(
            "aggregationaccount",
            "business",
            reference(django.db.models.deletion.CASCADE, "aggregation_accounts"),
        ),
        migrations.AlterField(
            "banklink", "business", reference(django.db.models.deletion.CASCADE, "bank_links")
        ),
        migrations.AlterField(
            "aggregationaccount", "client", owning_client("aggregation_accounts")
        ),
        migrations.AlterField("banklink", "client", owning_client("bank_links")),
        migrations.AddConstraint(
            model_name="aggregationaccount",
            constraint=models.CheckConstraint(condition=HAS_OWNER, name="account_has_owner"),
        ),
        migrations.AddConstraint(
            model_name="banklink",
            constraint=models.CheckConstraint(condition=HAS_OWNER, name="bank_link_has_owner"),
        ),
    ]
