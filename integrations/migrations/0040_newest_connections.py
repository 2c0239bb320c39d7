"""The admin's list of connections, newest first."""

from django.db import migrations, models

from nucleus.migration_operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("integrations", "0039_rows_of_one_customer")]

    operations = [
        AddIndexOnline(
            model_name="member",
            index=models.Index(fields=["-create_date", "-id"], name="member_newest"),
        ),
    ]
