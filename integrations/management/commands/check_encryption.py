"""manage.py check_encryption: decrypt every stored secret, as after restoring a backup."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from nucleus import encryption_checks


class Command(BaseCommand):
    help = (
        "Decrypt every value of every encrypted column with FIELD_ENCRYPTION_KEYS, and show none. "
        "Run it after a backup was restored. Changes nothing; the exit code is 1 if any value "
        "cannot be decrypted."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        columns = encryption_checks.try_columns()
        for name, (failed, tried) in sorted(columns.items()):
            self.stdout.write(f"{name}: {tried - failed} of {tried} values can be decrypted")
        failures = sum(failed for failed, _ in columns.values())
        if failures:
            raise CommandError(
                f"{failures} values cannot be decrypted. Add the keys under which they were stored "
                "to FIELD_ENCRYPTION_KEYS, after the newest; they are kept apart from the backup."
            )
        self.stdout.write(f"All {sum(tried for _, tried in columns.values())} values are readable.")
