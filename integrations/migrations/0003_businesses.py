"""Vendor users of businesses."""

import django.db.models.deletion
from django.db import migrations, models


def owner(to):
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.CASCADE,
        related_name="vendor_users",
        to=to,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0002_webhooks_and_health"),
        ("nucleus", "0003_businesses"),
    ]

    operations = [
        migrations.AlterField("vendoruser", "client", owner("nucleus.client")),
        migrations.AddField("vendoruser", "business", owner("nucleus.business")),
        migrations.AddConstraint(
            model_name="vendoruser",
            constraint=models.UniqueConstraint(
                fields=("tenant", "business", "vendor"), name="vendor_user_per_business"
            ),
        ),
        migrations.AddConstraint(
            model_name="vendoruser",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("business__isnull", True), ("client__isnull", False)),
                    models.Q(("business__isnull", False), ("client__isnull", True)),
                    _connector="OR",
                ),
                name="vendor_user_has_one_owner",
            ),
        ),
    ]
