"""How the tables of a database look, in whatever order its columns were added."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import Any

import psycopg

from tests import templates

Schema = set[tuple[Any, ...]]
POSTGRES = (
    """SELECT table_name, column_name, data_type, is_nullable, column_default
       FROM information_schema.columns WHERE table_schema = 'public'""",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
)
LINES_OF_TABLE = re.compile(r', (?="|CONSTRAINT )')


def of(url: str) -> Schema:
    """Of the database of that URL."""
    if url.startswith("postgres"):
        with psycopg.connect(url) as database:
            return {row for query in POSTGRES for row in database.execute(query)}
    with contextlib.closing(sqlite3.connect(templates.database_name(url))) as database:
        rows = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return {(*row, _lines(sql) if row[0] == "table" else sql) for *row, sql in rows}


def _lines(sql: str) -> frozenset[str]:
    """What is between the parentheses of CREATE TABLE."""
    return frozenset(LINES_OF_TABLE.split(sql.partition("(")[2].removesuffix(")").strip()))
