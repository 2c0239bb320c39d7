"""Re-encrypts stored secrets under the newest key, in batches that may stop anywhere."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from nucleus.encryption import Ciphertext, DecryptionFailed, reencrypted
from nucleus.encryption_checks import encrypted_models

BATCH = 200  # rows that are locked at once


@dataclass(frozen=True, slots=True)
class Position:
    """How far a pass over all tables has come.

    Args:
        table: number of the table, in the order of `table_names`; beyond the last: finished.
        after: id of the last row of it that was read; empty at its start.
        read: rows read so far, of all tables.
        changed: rows among them that were re-encrypted.
        failed: rows among them with a value that no key decrypts, which stays as it is.
    """

    table: int = 0
    after: str = ""
    read: int = 0
    changed: int = 0
    failed: int = 0

    @property
    def is_finished(self) -> bool:
        return self.table >= len(table_names())


def table_names() -> list[str]:
    """The tables with encrypted columns, such as `nucleus.BankLink`."""
    return [model._meta.label for model, _ in encrypted_models()]


def count_rows() -> int:
    """How many rows a pass reads; it counts each table."""
    return sum(_rows(model).count() for model, _ in encrypted_models())


def rotate(position: Position, *, seconds: float) -> Position:
    """Go on from `position` for about so many seconds; repeating it does no harm.

    Rows that are written meanwhile are under the newest key anyway.
    """
    until = time.monotonic() + seconds
    while not position.is_finished:
        position = rotate_batch(position)
        if time.monotonic() > until:
            break
    return position


def rotate_batch(position: Position) -> Position:
    """Re-encrypt the next rows of one table, at most BATCH. Raises ValidationError for a bad id."""
    model, names = list(encrypted_models())[position.table]
    with transaction.atomic():
        rows = _rows(model).select_for_update(of=("self",)).only("pk", *names).order_by("pk")
        if position.after:
            rows = rows.filter(pk__gt=model._meta.pk.to_python(position.after))
        batch = list(rows[:BATCH])
        outcomes = [_rotate_row(model, row, names) for row in batch]
    is_last = len(batch) < BATCH
    return Position(
        table=position.table + 1 if is_last else position.table,
        after="" if is_last else str(batch[-1].pk),
        read=position.read + len(batch),
        changed=position.changed + sum(changed for changed, _ in outcomes),
        failed=position.failed + sum(failed for _, failed in outcomes),
    )


def _rotate_row(
    model: type[models.Model], row: models.Model, names: list[str]
) -> tuple[bool, bool]:
    """Whether the row was changed, and whether one of its values cannot be decrypted."""
    values, failed = {}, False
    for name in names:
        value = row.__dict__[name]
        if not isinstance(value, Ciphertext):
            continue
        try:
            renewed = reencrypted(value)
        except DecryptionFailed:
            failed = True
        else:
            if renewed is not None:
                values[name] = renewed
    if values:  # without signals and dates: nothing changes for anybody
        _rows(model).filter(pk=row.pk).update(**values)
    return bool(values), failed


def _rows(model: type[models.Model]) -> Any:
    return getattr(model, "unscoped", model._default_manager).all()
