"""The admin's list of connections, newest first."""

from django.db import migrations, models

from nucleus.migration_operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("integrations", "0036_last_test_of_credentials")]

    operations = [
        AddIndexOnline(
            model_name="member",
            index=models.Index(fields=["-create_date", "-id"], name="member_newest"),
        ),
    ]
