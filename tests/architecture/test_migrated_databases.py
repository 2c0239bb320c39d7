"""Test databases are copies of one that was migrated earlier; see tests/templates.py."""

from __future__ import annotations

from pathlib import Path

from tests import schemas, templates


def test_a_copy_equals_a_database_migrated_from_nothing(tmp_path: Path):
    with (
        templates.temporary(tmp_path, migrated=True) as copy,
        templates.temporary(tmp_path, migrated=False) as empty,
    ):
        templates.migrate(empty)
        migrated = schemas.of(empty)
        assert migrated
        assert schemas.of(copy) == migrated
