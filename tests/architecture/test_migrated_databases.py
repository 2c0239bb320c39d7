"""Test databases are copies of one that was migrated earlier; see tests/templates.py."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import templates

Rows = set[tuple[Any, ...]]
POSTGRES_SCHEMA = (
    """SELECT table_name, column_name, data_type, is_nullable, column_default
       FROM information_schema.columns WHERE table_schema = 'public'""",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
)


@pytest.mark.embedded
def test_a_copy_equals_a_database_migrated_from_nothing_on_sqlite(tmp_path: Path):
    templates.copy_sqlite(tmp_path / "copy")
    templates.migrate(f"sqlite:///{tmp_path / 'migrated'}")
    migrated = sqlite_schema(tmp_path / "migrated")
    assert migrated
    assert sqlite_schema(tmp_path / "copy") == migrated


@pytest.mark.services
@pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="needs PostgreSQL")
def test_a_copy_equals_a_database_migrated_from_nothing_on_postgresql():
    server = os.environ["DATABASE_URL"]
    with contextlib.ExitStack() as stack:
        copy = templates.postgres(server)
        stack.callback(templates.drop, server, copy)
        empty = templates.empty_postgres(server)
        stack.callback(templates.drop, server, empty)
        templates.migrate(empty)
        migrated = postgres_schema(empty)
        assert all(migrated)
        assert postgres_schema(copy) == migrated


def sqlite_schema(path: Path) -> Rows:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return set(database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))


def postgres_schema(url: str) -> list[Rows]:
    with psycopg.connect(url) as database:
        return [set(database.execute(query)) for query in POSTGRES_SCHEMA]
