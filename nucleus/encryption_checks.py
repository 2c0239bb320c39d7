"""Whether stored secrets can be decrypted with the configured keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from nucleus.encryption import DecryptionFailed, EncryptedTextField

MAX_ROWS = 200  # of each table; ids are random, so the first ones are a sample
CHUNK = 500  # rows that are read at once


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
    tried = try_columns(max_rows=MAX_ROWS)
    return {name: counts for name, counts in tried.items() if counts[0]}


def try_columns(*, max_rows: int | None = None) -> dict[str, tuple[int, int]]:
    """Decrypt the values of every encrypted column.

    Args:
        max_rows: rows of each table that are read; None: all.

    Returns:
        Name of the column → how many values failed, and how many were tried.
    """
    result = {}
    for model, names in encrypted_models():
        manager: Any = getattr(model, "unscoped", model._default_manager)
        rows = manager.only("pk", *names).order_by("pk")
        failed, tried = Counter[str](), Counter[str]()
        for row in rows[:max_rows] if max_rows else rows.iterator(chunk_size=CHUNK):
            for name in names:
                if row.__dict__[name]:
                    tried[name] += 1
                    failed[name] += not _is_readable(row, name)
        for name in names:
            result[f"{model._meta.verbose_name}, {name}"] = (failed[name], tried[name])
    return result


def _is_readable(row: models.Model, name: str) -> bool:
    try:
        getattr(row, name)
    except DecryptionFailed:
        return False
    return True
