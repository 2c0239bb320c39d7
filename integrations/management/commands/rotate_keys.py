"""manage.py rotate_keys: re-encrypt every secret under the newest key."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models

from nucleus.encryption import EncryptedTextField

BATCH = 500


class Command(BaseCommand):
    help = (
        "Re-encrypt every encrypted column under the first of FIELD_ENCRYPTION_KEYS. Put the new "
        "key first, run this, then drop the old key. Stopping and running it again does no harm."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            names = [
                field.name
                for field in model._meta.local_fields
                if isinstance(field, EncryptedTextField)
            ]
            if names:
                count = _rotate(model, names)
                self.stdout.write(f"{model._meta.label}: {count} rows, {', '.join(names)}")


def _rotate(model: type[models.Model], names: list[str]) -> int:
    rows: Any = getattr(model, "unscoped", model._default_manager)
    count = 0
    for row in rows.only("pk", *names).order_by("pk").iterator(BATCH):
        for name in names:
            setattr(row, name, getattr(row, name))  # plain text again, so that saving encrypts it
        row.save(update_fields=names)
        count += 1
    return count
