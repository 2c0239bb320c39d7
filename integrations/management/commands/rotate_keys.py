"""manage.py rotate_keys: re-encrypt every secret under the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from nucleus.writes import key_rotation
from nucleus.writes.key_rotation import Position

PROGRESS_EVERY = 20  # batches


class Command(BaseCommand):
    help = (
        "Re-encrypt every encrypted column under the first of FIELD_ENCRYPTION_KEYS. Put the new "
        "key first, run this, then drop the old key. Stopping and running it again does no harm."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        names, total = key_rotation.table_names(), key_rotation.count_rows()
        position = at_start = Position()
        batches = 0
        while not position.is_finished:
            advanced = key_rotation.rotate_batch(position)
            batches += 1
            if advanced.table != position.table:
                read = advanced.read - at_start.read
                changed = advanced.changed - at_start.changed
                self.stdout.write(f"{names[position.table]}: {read} rows, {changed} re-encrypted")
                at_start = advanced
            elif batches % PROGRESS_EVERY == 0:
                self.stdout.write(f"{advanced.read} of {total} rows")
            position = advanced
        if position.failed:
            raise CommandError(
                f"{position.failed} rows have values that no configured key decrypts; "
                "they stay as they are. Do not drop keys before `manage.py doctor` is clean."
            )
        self.stdout.write(f"All {position.read} rows are under the newest key.")
