"""Workers find the tenants that have ready jobs, and each one's first job."""

from django.db import migrations, models

from nucleus.migration_operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("integrations", "0032_awaited_accounts")]

    operations = [
        AddIndexOnline(
            model_name="job",
            index=models.Index(
                fields=["tenant", "kind", "run_at", "id"],
                condition=models.Q(state="ready"),
                name="job_of_tenant",
            ),
        ),
    ]
