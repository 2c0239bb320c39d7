"""Nothing says who named the holders of bank links that were verified before: nobody is sure to have.

The text stays until the next verification, which replaces it by what the bank says.
"""

from typing import Any

from django.db import migrations

SOURCE, NOT_CONFIRMED = "bank_account_holder_source", "not_confirmed"
BATCH = 500


def mark(apps: Any, schema_editor: Any) -> None:
    verified = apps.get_model("integrations", "VerifiedLink")._base_manager
    links = apps.get_model("nucleus", "BankLink")._base_manager
    ids = list(verified.values_list("bank_link_id", flat=True))
    for start in range(0, len(ids), BATCH):
        rows = list(links.filter(pk__in=ids[start : start + BATCH]).only("metadata"))
        for row in rows:
            row.metadata.setdefault(SOURCE, NOT_CONFIRMED)
        links.bulk_update(rows, ["metadata"])


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0006_health_one_cause"),
        ("nucleus", "0008_merchants_of_a_tenant"),
    ]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
