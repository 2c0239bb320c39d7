"""Indexes that serve lists whose tenant has millions of rows, built while others write."""

from django.db import migrations, models

from nucleus.migration_operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("integrations", "0029_vendor_refreshes"),
        ("nucleus", "0019_indexes_of_lists"),
    ]

    operations = [
        AddIndexOnline(
            model_name="accountmerge",
            index=models.Index(
                fields=["tenant", "-update_date", "id"], name="integration_tenant__afc462_idx"
            ),
        ),
        AddIndexOnline(
            model_name="auditlog",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="integration_tenant__8d7007_idx"
            ),
        ),
        AddIndexOnline(
            model_name="auditlog",
            index=models.Index(
                fields=["-create_date", "-id"], name="integration_create__7aad01_idx"
            ),
        ),
        AddIndexOnline(
            model_name="inboundwebhook",
            index=models.Index(
                fields=["-create_date", "-id"], name="integration_create__881902_idx"
            ),
        ),
        AddIndexOnline(
            model_name="job",
            index=models.Index(
                fields=["-create_date", "-id"], name="integration_create__d26a6b_idx"
            ),
        ),
        AddIndexOnline(
            model_name="member",
            index=models.Index(
                fields=["tenant", "-update_date", "id"], name="integration_tenant__51a759_idx"
            ),
        ),
        AddIndexOnline(
            model_name="member",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="integration_tenant__ae3c39_idx"
            ),
        ),
        AddIndexOnline(
            model_name="possibleduplicate",
            index=models.Index(
                fields=["tenant", "-update_date", "id"], name="integration_tenant__e7d0f6_idx"
            ),
        ),
        AddIndexOnline(
            model_name="webhookdelivery",
            index=models.Index(
                fields=["-create_date", "-id"], name="integration_create__8716e6_idx"
            ),
        ),
        AddIndexOnline(
            model_name="webhooksubscription",
            index=models.Index(
                fields=["tenant", "-update_date", "id"], name="integration_tenant__8c742a_idx"
            ),
        ),
        AddIndexOnline(
            model_name="webhooksubscription",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="integration_tenant__0f3635_idx"
            ),
        ),
        AddIndexOnline(
            model_name="job",
            index=models.Index(
                condition=models.Q(("state", "dead")),
                fields=["-create_date", "-id"],
                name="job_dead",
            ),
        ),
        AddIndexOnline(
            model_name="inboundwebhook",
            index=models.Index(
                condition=models.Q(("state", "quarantined")),
                fields=["-create_date", "-id"],
                name="inbox_quarantined",
            ),
        ),
        AddIndexOnline(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "failed")),
                fields=["-create_date", "-id"],
                name="delivery_failed",
            ),
        ),
        AddIndexOnline(
            model_name="auditlog",
            index=models.Index(fields=["request_id"], name="audit_of_request"),
        ),
        AddIndexOnline(
            model_name="accountmerge",
            index=models.Index(
                fields=["-create_date", "-id"], name="integration_create__e321e3_idx"
            ),
        ),
        AddIndexOnline(
            model_name="erasure",
            index=models.Index(
                fields=["-create_date", "-id"], name="integration_create__d39786_idx"
            ),
        ),
        AddIndexOnline(
            model_name="possibleduplicate",
            index=models.Index(
                fields=["-create_date", "-id"], name="integration_create__1b6319_idx"
            ),
        ),
    ]
