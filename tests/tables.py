"""Empties the tables after tests that commit."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connection, transaction

# Every migrated database has their rows: content types, permissions and the ready roles.
KEPT = {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type"}


def empty(test: Any = None) -> None:
    """Delete all rows but those that migrating makes.

    In place of Django's flush, which truncates every table and makes content types and
    permissions anew: half a second instead of milliseconds.
    """
    with transaction.atomic(), connection.cursor() as cursor:  # which defers foreign keys
        for statement in _statements():
            cursor.execute(statement)


@cache
def _statements() -> tuple[str, ...]:
    names = sorted(set(connection.introspection.django_table_names()) - KEPT)
    deletions = [f"DELETE FROM {connection.ops.quote_name(name)}" for name in names]  # noqa: S608
    return tuple(deletions) if connection.vendor == "sqlite" else ("; ".join(deletions),)
