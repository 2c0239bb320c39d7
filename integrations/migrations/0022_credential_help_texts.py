"""Help texts of credentials name both APIs of MX. The database does not change."""

from django.db import migrations, models

import nucleus.encryption


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0021_links_remember_listings"),
    ]

    operations = [
        migrations.AlterField(
            model_name="vendorcredential",
            name="client_id",
            field=models.CharField(
                help_text="MX Platform: the Client ID. MX Atrium: the MX-Client-ID.",
                max_length=255,
                verbose_name="Username/Client Id",
            ),
        ),
        migrations.AlterField(
            model_name="vendorcredential",
            name="secret",
            field=nucleus.encryption.EncryptedTextField(
                help_text="MX Platform: the API key. MX Atrium: the MX-API-Key.",
                verbose_name="Password/Client Secret",
            ),
        ),
    ]
