"""Let the admin find the webhooks and events of one customer, built while others write."""

from django.db import migrations, models

from nucleus.migration_operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("integrations", "0038_diagnoses"),
    ]

    operations = [
        migrations.AddField(
            model_name="outboundevent",
            name="owner_id",
            field=models.UUIDField(blank=True, null=True),
        ),
        AddIndexOnline(
            model_name="outboundevent",
            index=models.Index(
                condition=models.Q(("owner_id__isnull", False)),
                fields=["owner_id", "-create_date"],
                name="event_of_owner",
            ),
        ),
        AddIndexOnline(
            model_name="inboundwebhook",
            index=models.Index(
                condition=models.Q(("vendor_user_id", ""), _negated=True),
                fields=["vendor_user_id", "-create_date"],
                name="inbox_of_user",
            ),
        ),
    ]
