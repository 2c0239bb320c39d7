"""Texts that called a credential its keys. The database does not change."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0011_lock_keys_with_vendor"),
        ("nucleus", "0012_unique_at_their_source"),
    ]

    operations = [
        migrations.AlterField(
            model_name="credentialhealth",
            name="state",
            field=models.CharField(
                choices=[
                    ("working", "Working"),
                    ("failing", "Failing"),
                    ("limited", "Limited"),
                    ("refused", "Credential refused"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterConstraint(
            model_name="vendorcredential",
            name="credential_one_active",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)),
                fields=("tenant", "vendor"),
                name="credential_one_active",
                violation_error_message="This tenant already has an active credential for this vendor.",
            ),
        ),
    ]
