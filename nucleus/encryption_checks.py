"""Whether stored secrets can be decrypted with the configured keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from nucleus.encryption import DecryptionFailed, EncryptedTextField

MAX_ROWS = 200  # of each table; ids are random, so the first ones are a sample


def encrypted_models() -> Iterator[tuple[type[models.Model], list[str]]]:
    """The models that have encrypted columns, with the names of these."""
    for model in apps.get_models():
        fields = model._meta.local_fields
        names = [field.name for field in fields if isinstance(field, EncryptedTextField)]
        if names:
            yield model, names


def unreadable_columns() -> dict[str, tuple[int, int]]:
    """The columns with values that cannot be decrypted, among at most MAX_ROWS rows of each table.

    Returns:
        Name of the column → how many values failed, and how many were tried.
    """
    result = {}
    for model, names in encrypted_models():
        manager: Any = getattr(model, "unscoped", model._default_manager)
        rows = list(manager.only("pk", *names).order_by("pk")[:MAX_ROWS])
        for name in names:
            values = [row for row in rows if row.__dict__[name]]
            failed = sum(not _is_readable(row, name) for row in values)
            if failed:
                result[f"{model._meta.verbose_name}, {name}"] = (failed, len(values))
    return result


def _is_readable(row: models.Model, name: str) -> bool:
    try:
        getattr(row, name)
    except DecryptionFailed:
        return False
    return True
