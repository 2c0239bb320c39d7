"""Name the ways from a tenant to its credentials and settings; changes no table."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0033_ready_jobs_of_tenants")]

    operations = [
        migrations.AlterField(
            model_name="vendorcredential",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="vendor_credentials",
                to="nucleus.tenant",
            ),
        ),
        migrations.AlterField(
            model_name="aggregationsettings",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="aggregation_settings",
                to="nucleus.tenant",
            ),
        ),
    ]
