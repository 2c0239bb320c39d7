"""Operations of migrations that do not stop a running installation with large tables."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres import operations as postgres


class AddIndexOnline(postgres.AddIndexConcurrently):
    """Add an index; on PostgreSQL while others write. For migrations with `atomic = False`.

    A build that was interrupted leaves an invalid index, so a repeated migration begins anew.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super(postgres.AddIndexConcurrently, self).database_forwards(
                app_label, schema_editor, from_state, to_state
            )
            return
        name = schema_editor.quote_name(self.index.name)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        is_postgresql = schema_editor.connection.vendor == "postgresql"
        remove = super() if is_postgresql else super(postgres.AddIndexConcurrently, self)
        remove.database_backwards(app_label, schema_editor, from_state, to_state)


class RemoveIndexOnline(postgres.RemoveIndexConcurrently):
    """Remove an index; on PostgreSQL while others write. For migrations with `atomic = False`."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        is_postgresql = schema_editor.connection.vendor == "postgresql"
        remove = super() if is_postgresql else super(postgres.RemoveIndexConcurrently, self)
        remove.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        is_postgresql = schema_editor.connection.vendor == "postgresql"
        add = super() if is_postgresql else super(postgres.RemoveIndexConcurrently, self)
        add.database_backwards(app_label, schema_editor, from_state, to_state)
