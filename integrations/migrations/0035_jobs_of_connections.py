"""The state of a connection depends on its jobs, which name it by their lock key."""

from django.db import migrations, models

from nucleus.migration_operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("integrations", "0034_reverse_names")]

    operations = [
        AddIndexOnline(
            model_name="job",
            index=models.Index(
                fields=["lock_key", "state"],
                condition=models.Q(lock_key__isnull=False),
                name="job_by_lock_key",
            ),
        ),
    ]
