"""Bank links that verification has deactivated until now had their number replaced."""

from typing import Any

from django.db import migrations

BATCH = 500


def mark(apps: Any, schema_editor: Any) -> None:
    verified = apps.get_model("integrations", "VerifiedLink")._base_manager
    links = apps.get_model("nucleus", "BankLink")._base_manager
    ids = list(verified.values_list("bank_link_id", flat=True))
    for start in range(0, len(ids), BATCH):
        rows = links.filter(pk__in=ids[start : start + BATCH])
        rows.filter(is_active=False, is_link_verified=False).update(
            unverified_reason="number_replaced"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0017_merged_entries"),
        ("nucleus", "0017_bank_link_unverified_reason"),
    ]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
